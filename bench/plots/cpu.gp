# CPU seconds of the programs per GB of file, without loss.
load here."/common.gp"
set title what
set ylabel "CPU seconds per GB"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.85 noborder
set boxwidth 0.9
set yrange [0:*]
plot data."/cpu.".name using 2:xtic(1) lc rgb "#0072B2" title "sender", \
    "" using 3 lc rgb "#56B4E9" title "each receiver"
