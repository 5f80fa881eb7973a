# Simulated: data on the wire as a multiple of the source symbols, and feedback, by receivers.
load here."/common.gp"
set logscale x
set xrange [0.8:15000]
set xlabel "receivers (simulated)"
set title what
if (kind eq "wire") {
    set ylabel "symbols sent / source symbols"
    plot for [i=1:3] data."/sim.".word(losses, i) using 1:3 with lines ls 9 \
            title (i == 1 ? "theory, k = 128" : ""), \
        for [i=1:3] data."/sim.".word(losses, i) using 1:2 with points ls i \
            title word(names, i)." % loss"
} else {
    set ylabel "feedback, % of a 1 Gbit/s line"
    set yrange [0:*]
    plot 1 with lines ls 9 title "bound: 1 %", \
        for [i=1:3] data."/sim.".word(losses, i) using 1:4 with linespoints ls i \
            title word(names, i)." % loss"
}
