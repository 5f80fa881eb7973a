# Share of what the line can carry, by loss; whiskers from the worst round to the best.
load here."/common.gp"
set title what
set ylabel "goodput, % of the UDP payload limit"
set xlabel "random loss at each receiver"
set yrange [0:105]
set xrange [-0.3:3.3]
set xtics ("0" 0, "0.1 %%" 1, "1 %%" 2, "5 %%" 3)
plot for [i=1:words(tools)] data."/share.".receivers.".".word(tools, i) \
    using ($1 + 0.04 * (i - 3)):2:3:4 with yerrorlines ls i title word(tools, i)
