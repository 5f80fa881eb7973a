# Cells of a matrix -> tab-separated rows, ordered by link, receivers, loss; in each the tools.
#   link receivers loss tool  Mbit/s(median min max)  share%  wire  completed  state
#   cpu: sender receiver machine (s per GB)  rss: sender receiver (MiB)  ratio to the best peer
def round_to(n): . * n | round | . / n;
def shown(n): if . == null then "-" else round_to(n) | tostring end;
def tool_order: ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"];
def link_order: ["1gbit-frames", "200mbit-frames", "1gbit-offload", "unshaped"];
def place(list): . as $x | (list | index($x)) // 99;
def state: if .runs_hung > 0 then "hung \(.runs_hung) of \(.runs)"
    elif .runs_ok < .runs then "failed \(.runs - .runs_ok) of \(.runs)" else "ok" end;

.cells as $cells
| def best_peer: . as $me | [$cells[] | select(.link == $me.link and .receivers == $me.receivers
        and .loss == $me.loss and .tool != "wimcast").goodput_bps.median | select(. != null)]
        | max;
def ratio: if .tool == "wimcast" and .goodput_bps != null and best_peer != null
    then .goodput_bps.median / best_peer else null end;

$cells | sort_by([(.link | place(link_order)), .link, .receivers, .loss,
    (.tool | place(tool_order))])
| .[] | [.link, .receivers, .loss, .tool,
    (.goodput_bps | (.median, .min, .max) | if . then . / 1e6 | shown(10) else "-" end),
    (.share.median | if . then . * 100 | shown(10) else "-" end),
    (.wire_multiple.median | shown(1000)), "\(.completed_min)/\(.receivers)", state,
    (.cpu_sender_s_per_gb.median, .cpu_receiver_s_per_gb.median, .cpu_machine_s_per_gb.median
        | shown(100)),
    (.rss_sender_bytes.max, .rss_receiver_bytes.max | . / 1048576 | shown(1)),
    (ratio | shown(100))] | @tsv
