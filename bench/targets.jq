# The figures that wimcast is to reach -> tab-separated rows: what, figure, measured, met or not.
# $theory[0]: what parity on demand needs at least.
def shown(n): if . == null then "-" else . * n | round | . / n | tostring end;
def met: if . == null then "not measured" elif . then "yes" else "NO" end;
# A symbol of 1440 bytes takes 1538 on the line.
def framing: 1538 / 1440;

.cells as $cells
| def cell(tool; receivers; loss; link): [$cells[] | select(.tool == tool
        and .receivers == receivers and .loss == loss and (.link | test(link)))] | first;
def cpu: if . == null or .cpu_sender_s_per_gb == null then null
    else .cpu_sender_s_per_gb.median + .cpu_receiver_s_per_gb.median end;
def theory(receivers; loss): [$theory[0][] | select(.receivers == receivers and .loss == loss)]
    | first | .multiple;
def line_bps: .link | if test("^[0-9]+mbit") then (capture("^(?<n>[0-9]+)").n | tonumber) * 1e6
    else (capture("^(?<n>[0-9.]+)").n | tonumber) * 1e9 end;
def who: if . == 1 then "1 receiver" else "\(.) receivers" end;
def row(what; figure; value; digits; ok):
    [what, figure, (value | shown(digits)), (if value == null then null else ok end | met)];

[
    ((1, 5) as $r | cell("wimcast"; $r; 0; "frames") as $c
        | ($c | .share.median) as $v
        | row("share of the UDP payload limit, \($r | who), \($c.link // "frames")";
            ">= 0.97"; $v; 1000; $v >= 0.97)),
    ((0.1, 1, 5) as $p | cell("wimcast"; 5; $p; "frames") as $c
        | (if $c then $c.wire_multiple.median / (theory(5; $p) * framing) else null end) as $v
        | row("wire bytes / theory, 5 receivers, \($p) % loss"; "<= 1.02"; $v; 1000; $v <= 1.02)),
    ((0.1, 1, 5) as $p | cell("wimcast"; 5; $p; "frames") as $c
        | (if $c and $c.seconds then $c.seconds.median
            / ($c.wire_multiple.median * $c.bytes * 8 / ($c | line_bps)) else null end) as $v
        | row("time / (wire bytes / line rate), 5 receivers, \($p) % loss"; "<= 1.05"; $v; 1000;
            $v <= 1.05)),
    (cell("wimcast"; 1; 0; "unshaped") as $c
        | (if $c and $c.goodput_bps then $c.goodput_bps.median / 1e9 else null end) as $v
        | row("Gbit/s, one to one, unshaped"; ">= 8"; $v; 100; $v >= 8)),
    (([1, "frames"], [5, "frames"], [1, "unshaped"]) as [$r, $l]
        | (cell("wimcast"; $r; 0; $l) | cpu) as $ours
        | (["udpcast", 1], ["uftp-gcm", 3]) as [$peer, $part]
        | (cell($peer; $r; 0; $l) | cpu) as $theirs
        | (if $ours and $theirs then $ours / $theirs else null end) as $v
        | row("CPU per GB, sender + receiver, to \($peer), \($r | who), \($l)";
            "<= \(1 / $part * 100 | round / 100)"; $v; 100; $v <= 1 / $part)),
    ([$cells[] | select(.tool == "wimcast").rss_sender_bytes.max] | max
        | (if . then . / 1048576 else null end) as $v
        | row("peak memory of the sender, MiB"; "<= 64"; $v; 1; $v <= 64)),
    ([$cells[] | select(.tool == "wimcast").rss_receiver_bytes.max] | max
        | (if . then . / 1048576 else null end) as $v
        | row("peak memory of a receiver, MiB"; "<= 128"; $v; 1; $v <= 128)),
    ([$cells[] | select(.tool == "wimcast") | . as $me
        | ([$cells[] | select(.link == $me.link and .receivers == $me.receivers
            and .loss == $me.loss and .tool != "wimcast").goodput_bps.median
            | select(. != null)] | max) as $best
        | select($best != null)
        | {name: "\(.receivers)/\(.loss)/\(.link)",
            ahead: ((.goodput_bps.median // 0) > $best)}]
        | row("cells ahead of every peer, of \(length)"; "\(length)"; map(select(.ahead)) | length;
            1; all(.[]; .ahead)),
        (map(select(.ahead | not))[] | ["  not ahead: \(.name)", "", "", ""]))
]
| .[] | @tsv
