# All runs of a matrix -> one object: the machine, a cell for each tool and condition with medians
# and spread, and the runs themselves.
def median: sort | if length == 0 then null
    elif length % 2 == 1 then .[(length - 1) / 2]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def spread(field): [.[] | field | select(. != null)]
    | if length == 0 then null else {median: median, min: min, max: max} end;

{
    machine: $machine[0],
    rounds: $rounds,
    quick: ($quick == 1),
    cells: (group_by([.link, .receivers, .loss, .tool]) | map({
        tool: .[0].tool,
        receivers: .[0].receivers,
        loss: .[0].loss,
        link: .[0].link,
        bytes: .[0].bytes,
        runs: length,
        runs_ok: (map(select(.status == "ok")) | length),
        runs_hung: (map(select(.status == "hung")) | length),
        completed_min: (map(.completed) | min),
        seconds: spread(.seconds),
        goodput_bps: spread(.goodput_bps),
        share: spread(.share),
        wire_multiple: spread(.wire_multiple),
        cpu_sender_s_per_gb: spread(.cpu_sender_s_per_gb),
        cpu_receiver_s_per_gb: spread(.cpu_receiver_s_per_gb),
        cpu_machine_s_per_gb: spread(.cpu_machine_s_per_gb),
        rss_sender_bytes: spread(.rss_sender_bytes),
        rss_receiver_bytes: spread(.rss_receiver_bytes),
        overflow_datagrams: spread(.overflow_datagrams),
    })),
    runs: .,
}
