# As fast as the machine goes, no line in the way.
load here."/common.gp"
set title what
set ylabel "goodput, Gbit/s"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.85 noborder
set boxwidth 0.9
set yrange [0:*]
plot data."/unshaped" using 2:xtic(1) lc rgb "#0072B2" title "1 receiver", \
    "" using 3 lc rgb "#E69F00" title "5 receivers"
