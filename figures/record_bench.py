"""Record speed and memory beside `transformers`, at tiny and at about 100 million numbers: figures/results/bench.json.

python figures/record_bench.py            # on a quiet machine, about ten minutes on two cores
python figures/record_bench.py compiled   # encoding and training, plain and compiled: bench-compiled.json, as long
"""

import sys

import recorded

from dsvl_min.bench import as_table, bench

SECONDS = 8.0  # a row
SIZES = ("tiny", "100m")


if __name__ == "__main__":
    data, compiled = {}, sys.argv[1:] == ["compiled"]
    how = {"compiled": True, "rows": ("encode", "train")} if compiled else {}
    for size in SIZES:
        result = bench(size, budget=SECONDS, **how)
        print(as_table(result), flush=True)
        data[size] = {name: part for name, part in result.items() if name != "hardware"}
    recorded.write(
        "bench-compiled" if compiled else "bench",
        "How fast is this project beside `transformers` with the same weights, and how near to the machine's limits?",
        "python figures/record_bench.py" + compiled * " compiled",
        seeds=[0],
        data={"sizes": data},
    )
