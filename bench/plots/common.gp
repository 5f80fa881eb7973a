# Shared look. The caller (bench/plots.sh) has set terminal and output, and `data`, the folder with
# the numbers.
set style line 1 lc rgb "#0072B2" lw 3 pt 7 ps 1.1   # wimcast
set style line 2 lc rgb "#E69F00" lw 2 pt 5 ps 0.9   # udpcast
set style line 3 lc rgb "#009E73" lw 2 pt 9 ps 1.0   # uftp
set style line 4 lc rgb "#CC79A7" lw 2 pt 11 ps 1.0  # uftp with AES-GCM
set style line 5 lc rgb "#808080" lw 2 pt 13 ps 1.1  # HTTPS
set style line 9 lc rgb "#000000" lw 1.5 dt 2        # theory
set grid ytics lc rgb "#c8c8c8" lw 1 dt 1
set border 3 lc rgb "#444444"
set tics nomirror
set key outside right center Left reverse samplen 2 spacing 1.3 noautotitle
tools = "wimcast udpcast uftp uftp-gcm https"
