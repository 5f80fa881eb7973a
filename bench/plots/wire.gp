# Bytes on the line as a multiple of the file, framing included, by loss. N x unicast is off the
# scale: it sends the file once for each receiver.
load here."/common.gp"
set title what
set ylabel "bytes on the line / bytes of the file"
set xlabel "random loss at each receiver"
set xrange [-0.3:3.3]
set yrange [1.04:*]
set xtics ("0" 0, "0.1 %%" 1, "1 %%" 2, "5 %%" 3)
plot data."/theory.".receivers using 1:2 with lines ls 9 title "theory, k = 128", \
    for [i=1:4] data."/wire.".receivers.".".word(tools, i) \
    using ($1 + 0.04 * (i - 3)):2:3:4 with yerrorlines ls i title word(tools, i)
