# One measured run, from the raw numbers of bench/e2e.sh. Figures that a run which did not complete
# cannot have are null.
($bytes / 1e9) as $gb
| (if $status == "ok" and $began then $ended - $began else null end) as $seconds
| (if $seconds then $bytes * 8 / $seconds else null end) as $goodput
| {
    $tool, $receivers, $loss, $link, $round, $bytes, $status, $completed,
    seconds: $seconds,
    sender_seconds: (if $seconds and $sender_end and $tool != "https"
        then $sender_end - $began else null end),
    goodput_bps: ($goodput | if . then round else null end),
    share: (if $goodput and $rate > 0 then $goodput / ($rate * 1472 / 1538) else null end),
    $wire_bytes,
    $frames,
    wire_multiple: ($wire_bytes / $bytes),
    cpu_sender_s_per_gb: ($cpu_sender / $gb),
    cpu_receiver_s_per_gb: ($cpu_receivers / $gb / $receivers),
    cpu_machine_s_per_gb: ($cpu_machine / $gb),
    rss_sender_bytes: $rss_sender,
    rss_receiver_bytes: $rss_receiver,
    overflow_datagrams: $overflow,
    $load
}
