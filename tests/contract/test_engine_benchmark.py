"""What benchmarks/engine makes of the figures that its sides print (sides here are stand-ins)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from google.protobuf import text_format

from sparknet.proto import caffe_pb2

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/engine"), str(ROOT / "benchmarks")]

import run  # noqa: E402
import targets  # noqa: E402
import timing  # noqa: E402
from isa import CHOICES, cpu, environment, label  # noqa: E402
from measure import Result, amount, header, peers, row  # noqa: E402
from paired import BenchmarkError, Figure, measure, parse  # noqa: E402
from sides import LAYOUTS, Sides, cause, compare, unfit  # noqa: E402
from workloads import KINDS, MODELS, WORKLOADS, Workload  # noqa: E402

pytestmark = pytest.mark.unit


TRAIN = Workload("train", "caffenet", 32, 2, 6)
INFER = Workload("infer", "resnet50", 1, 5, 40)
MEMORY = Workload("memory", "caffenet", 256, 1, 1)


def test_reads_the_line_of_a_side() -> None:
    assert parse("a warning\nms_per_step: 12.500 11.000\n") == Figure(12.5, 11.0)
    assert Figure(12.5, 11.0).images_per_second(100) == 8000


def test_a_side_without_its_line_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="segmentation"):
        parse("segmentation fault")


def test_a_side_that_fails_is_named_with_its_message(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such net')"]
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 1.*no such net"):
        measure(failing, tmp_path)


def test_a_side_runs_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "figure").write_text("ms_per_step: 3 2")
    printing = [sys.executable, "-c", "print(open('figure').read())"]
    assert measure(printing, tmp_path) == Figure(3.0, 2.0)


def test_a_side_runs_in_its_environment(tmp_path: Path) -> None:
    printing = [sys.executable, "-c", "import os; print(os.environ['FIGURE'])"]
    assert measure(printing, tmp_path, {"FIGURE": "ms_per_step: 5 4"}) == Figure(5.0, 4.0)


def test_avx2_bounds_both_sides_and_native_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user's own environment says."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    monkeypatch.setenv("KEPT", "1")
    assert environment("avx2")["ONEDNN_MAX_CPU_ISA"] == "AVX2"  # the engine and PyTorch's oneDNN
    assert environment("avx2")["ATEN_CPU_CAPABILITY"] == "avx2"  # PyTorch's own kernels
    assert "ONEDNN_MAX_CPU_ISA" not in environment("native")
    assert all(environment(choice)["KEPT"] == "1" for choice in CHOICES)


def test_the_table_names_the_instructions() -> None:
    assert label("native", {"avx2", "avx512f"}) == "avx512"
    assert label("avx2", {"avx2", "avx512f"}) == "avx2"
    assert label("native", {"avx2"}) == "avx2"
    assert label("native", {"sse4_1"}) == "sse"


def test_kinds_of_cpus_are_told_apart_when_their_names_are_not() -> None:
    virtual = "processor: 0\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n"
    assert cpu(virtual + "\nprocessor: 1\nmodel\t: 18\n") == "AMD EPYC 25.17"
    assert cpu("") == cpu("processor: 0\n") != ""  # of another architecture


def test_the_ratio_is_the_median_of_paired_rounds() -> None:
    """The machine is slow in round 3: both sides are, and the pair's ratio is not moved by it."""
    theirs = {"eager": [30.0, 30.0, 150.0], "compile": [20.0, 20.0, 80.0]}
    result = Result(TRAIN, "avx512", 2, [20, 25, 100], theirs, {})
    assert result.ratios("eager") == pytest.approx([1.5, 1.2, 1.5])
    assert result.ratio("eager") == pytest.approx(1.5)
    assert result.ratio("compile") == pytest.approx(0.8)


def test_of_memory_the_ratio_is_ours_to_theirs() -> None:
    result = Result(MEMORY, "avx2", 2, [1000, 1200], {"eager": [2000, 2000]}, {})
    assert result.ratios("eager") == pytest.approx([0.5, 0.6])
    assert MEMORY.better == "lower"
    assert TRAIN.better == INFER.better == "higher"


def test_what_is_measured_is_read_from_the_right_line() -> None:
    printed = "ms_per_step: 12.500 11.000\npeak_mib: 512.5\n"
    assert amount(printed, "train") == amount(printed, "infer") == 12.5
    assert amount(printed, "memory") == 512.5
    with pytest.raises(BenchmarkError, match="peak_mib"):
        amount("ms_per_step: 12.500 11.000\n", "memory")


def test_a_side_in_python_prints_these_lines(capsys: pytest.CaptureFixture[str]) -> None:
    held = bytearray(64 << 20)
    times = timing.time_steps(lambda: held.count(1), 2, 3)
    assert len(times) == 3
    timing.report(times)
    printed = capsys.readouterr().out
    assert parse(printed).fastest == pytest.approx(min(times), abs=1e-3)
    assert amount(printed, "memory") > 64
    assert timing.peak("VmPeak:\t 9216 kB\nVmHWM:\t    2048 kB\n") == 2
    with pytest.raises(ValueError, match="VmHWM"):
        timing.peak("VmPeak:\t 9216 kB\n")


def test_the_row_fits_the_header() -> None:
    layouts = {"eager": "channels_last", "compile": "plain"}
    theirs = {"eager": [800.0, 800.0], "compile": [400.0, 500.0]}
    line = row(Result(TRAIN, "avx2", 1, [500, 400], theirs, layouts))
    assert line.count("|") == header("train").splitlines()[0].count("|")
    eager = "40 channels_last | **1.80**, 2: 1.60 to 2.00"
    compiled = "72 plain | **1.02**, 2: 0.80 to 1.25"
    assert line == f"| caffenet, 32 | avx2 | 1 | 72 | {eager} | {compiled} |"


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_a_peer_that_could_not_are_empty(kind: str) -> None:
    workload = next(w for w in WORKLOADS if w.kind == kind)
    line = row(Result(workload, "avx2", 1, [500], {"eager": [800.0]}, {"eager": "plain"}))
    first, second = header(kind).splitlines()
    assert line.count("|") == first.count("|") == second.count("|")
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert all(cells[:6])
    assert cells[6:] == [""] * 2 * (len(peers(kind)) - 1)


def test_five_nets_train_two_batches_are_predicted_and_one_step_is_weighed() -> None:
    assert {w.net: w.batch for w in WORKLOADS if w.kind == "train"} == {
        "cifar10_quick": 100,
        "cifar10_full": 100,
        "caffenet": 32,
        "googlenet": 16,
        "resnet50": 16,
    }
    assert [(w.net, w.batch) for w in WORKLOADS if w.kind == "infer"] == [
        ("resnet50", 1),
        ("resnet50", 32),
    ]
    assert [(w.net, w.batch) for w in WORKLOADS if w.kind == "memory"] == [("caffenet", 256)]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_prototxts_of_workloads_are_there(workload: Workload) -> None:
    model = MODELS[workload.net]
    infers = workload.kind == "infer"
    path = ROOT / "caffe" / (model.deploy if infers else model.solver)
    message = caffe_pb2.NetParameter() if infers else caffe_pb2.SolverParameter()
    text_format.Parse(path.read_text(encoding="utf-8"), message)
    if infers:
        assert tuple(message.layer[0].input_param.shape[0].dim[1:]) == model.image


def stand_in(folder: Path, body: str) -> Path:
    """A program in place of bench_engine."""
    program = folder / "bench_engine"
    program.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    program.chmod(0o755)
    return program


class Peers(Sides):
    """Ours is a stand-in for bench_engine; the peers' figures are here, by peer and layout."""

    MESSAGE = (
        "python ended with 1:\nTraceback\n  File\na.b.SomeError: no {} here\n\nSet VERBOSE=1\n"
    )
    FIGURES: ClassVar = {
        ("eager", "plain"): 40.0,
        ("eager", "channels_last"): 30.0,
        ("compile", "plain"): 20.0,
    }

    def theirs(self, peer: str, layout: str, workload: Workload) -> float:
        if (peer, layout) not in self.FIGURES:
            raise BenchmarkError(self.MESSAGE.format(peer))
        return self.FIGURES[peer, layout]


def test_our_side_gets_the_workload(tmp_path: Path) -> None:
    told = "print('ms_per_step:', len(sys.argv), 1, file=sys.stdout)\n"
    told += f"open({str(tmp_path / 'told')!r}, 'w').write(' '.join([os.getcwd(), *sys.argv[1:]]))"
    sides = Peers(stand_in(tmp_path, told), tmp_path, "native", 3)
    sides.ours(TRAIN)
    solver = MODELS["caffenet"].solver
    folder = str(ROOT / "caffe")
    assert (tmp_path / "told").read_text() == f"{folder} train {solver} 32 3 227 227 3 2 6"
    sides.ours(INFER)
    deploy = "models/resnet50/deploy.prototxt"
    assert (tmp_path / "told").read_text() == f"{folder} infer {deploy} 1 3 224 224 3 5 40"


def test_all_who_can_take_part_in_their_best_layout(tmp_path: Path) -> None:
    """Who cannot is told in one line, and PyTorch itself is needed."""
    sides = Peers(stand_in(tmp_path, "print('ms_per_step: 10 9')"), tmp_path, "native", 2)
    said: list[str] = []
    result = compare(sides, INFER, 3, said.append)
    assert result.layouts == {"eager": "channels_last", "compile": "plain"}
    assert result.ours == [10] * 3
    assert result.theirs == {"eager": [30] * 3, "compile": [20] * 3}
    assert said[0] == "infer resnet50, 1: without onnxruntime: a.b.SomeError: no onnxruntime here"
    assert len(said) == 4
    assert said[-1].endswith("round 3: eager 3.00, compile 2.00")


def test_who_fails_in_a_later_round_is_left_out(tmp_path: Path) -> None:
    class Tired(Peers):
        def theirs(self, peer: str, layout: str, workload: Workload) -> float:
            used = tmp_path / "used"
            times = int(used.read_text()) if used.exists() else 0
            if peer == "compile":
                used.write_text(str(times + 1))
            if times == 3:  # a trial of two layouts, and one round
                raise BenchmarkError(self.MESSAGE.format(peer))
            return super().theirs(peer, layout, workload)

    sides = Tired(stand_in(tmp_path, "print('ms_per_step: 10 9')"), tmp_path, "native", 2)
    said: list[str] = []
    result = compare(sides, TRAIN, 3, said.append)
    assert result.layouts == {"eager": "channels_last"}
    assert result.theirs == {"eager": [30] * 3}
    assert said == [
        *[line for line in said if line.endswith("round 1: eager 3.00, compile 2.00")],
        "train caffenet, 32: without compile: a.b.SomeError: no compile here",
        *[line for line in said if re.search(r"round [23]: eager 3.00$", line)],
    ]
    assert len(said) == 4


def test_of_a_message_the_line_with_the_cause_is_shown() -> None:
    assert cause(BenchmarkError("Traceback\nModuleNotFoundError: No module\n")) == (
        "ModuleNotFoundError: No module"
    )
    assert cause(BenchmarkError("a ended with -9:\nKilled\n\n")) == "Killed"
    assert cause(BenchmarkError("")) == "no message"


def test_without_pytorch_itself_there_is_no_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Peers, "FIGURES", {("compile", "plain"): 20.0})
    sides = Peers(stand_in(tmp_path, "print('ms_per_step: 10 9')"), tmp_path, "native", 2)
    with pytest.raises(BenchmarkError, match="no eager here"):
        compare(sides, TRAIN, 1, print)


def test_every_peer_has_its_layouts() -> None:
    assert set(LAYOUTS) == {peer for kind in KINDS for peer in peers(kind)}


def test_onnxruntime_is_left_out_where_its_instructions_are_not_ours() -> None:
    wide, narrow = {"avx2", "avx512f"}, {"avx2"}
    assert unfit("onnxruntime", "avx2", wide)
    assert not unfit("onnxruntime", "native", wide)
    assert not unfit("onnxruntime", "avx2", narrow)
    assert not unfit("eager", "avx2", wide)


def test_by_default_all_is_measured_five_times() -> None:
    chosen = run.arguments([])
    assert run.workloads(chosen) == list(WORKLOADS)
    assert (chosen.rounds, chosen.threads, chosen.isa) == (5, [2], ["native", "avx2"])


def test_nets_and_kinds_choose_workloads(capsys: pytest.CaptureFixture[str]) -> None:
    def chosen(*words: str) -> list[tuple[str, str, int]]:
        return [(w.kind, w.net, w.batch) for w in run.workloads(run.arguments(words))]

    assert chosen("caffenet") == [("train", "caffenet", 32), ("memory", "caffenet", 256)]
    assert chosen("--memory") == [("memory", "caffenet", 256)]
    assert chosen("resnet50", "--infer", "--train") == [
        ("train", "resnet50", 16),
        ("infer", "resnet50", 1),
        ("infer", "resnet50", 32),
    ]
    for words, message in ((["vgg"], "no net vgg"), (["googlenet", "--memory"], "no memory of")):
        with pytest.raises(SystemExit):
            run.arguments(words)
        assert message in capsys.readouterr().err


def test_instructions_that_are_the_same_are_measured_once() -> None:
    both = ["native", "avx2"]
    assert run.choices(both, {"avx2", "avx512f"}) == both
    assert run.choices(both, {"avx2"}) == ["native"]
    assert run.choices(["avx2"], {"avx2", "avx512f"}) == ["avx2"]


def results(eager: float, memory: float = 800) -> list[Result]:
    return [
        Result(TRAIN, "avx2", 2, [10], {"eager": [10 * eager]}, {"eager": "plain"}),
        Result(MEMORY, "avx2", 2, [memory], {"eager": [1000]}, {"eager": "plain"}),
    ]


def test_what_was_measured_is_recorded_and_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "medians.csv"
    targets.record(path, targets.measured(results(1.5), "this CPU"))
    assert path.read_text() == (
        "net,batch,what,isa,threads,against,ratio,tolerance,direction,cpu\n"
        "caffenet,256,memory,avx2,2,eager,0.80,0.10,lower,this CPU\n"
        "caffenet,32,train,avx2,2,eager,1.50,0.10,higher,this CPU\n"
    )
    known = targets.read(path)
    lines, losses = targets.compare(known, targets.measured(results(1.36, 879), "this CPU"))
    assert len(lines) == 2
    assert not losses
    lines, losses = targets.compare(known, targets.measured(results(1.34, 890), "this CPU"))
    assert losses == lines
    assert "train caffenet, 32, avx2, 2 thread(s), against eager: 1.34" in losses[0]
    assert "recorded 1.50" in losses[0]
    assert "limit 1.35" in losses[0]
    assert targets.compare(known, targets.measured(results(9, 1), "this CPU"))[1] == []
    assert targets.compare(known, targets.measured(results(0.1), "another CPU")) == ([], [])


def test_recording_leaves_what_was_not_measured_and_keeps_tolerances(tmp_path: Path) -> None:
    path = tmp_path / "medians.csv"
    targets.record(path, targets.measured(results(1.5), "this CPU"))
    targets.record(path, targets.measured(results(2.5), "another CPU"))
    path.write_text(path.read_text().replace("1.50,0.10", "1.50,0.25"))
    targets.record(path, targets.measured(results(1.25)[:1], "this CPU"))
    assert [row.split(",", 6)[6] for row in path.read_text().splitlines()[1:]] == [
        "0.80,0.10,lower,another CPU",
        "2.50,0.10,higher,another CPU",
        "0.80,0.10,lower,this CPU",
        "1.25,0.25,higher,this CPU",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("higher", "up", "line 3: direction is 'up'"),
        ("1.50", "fast", "line 3: .*'fast'"),
        ("caffenet,32", "caffenet", "line 3: "),
        ("net,batch", "net,size", "the columns are"),
    ],
)
def test_rows_that_make_no_sense_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "medians.csv"
    targets.record(path, targets.measured(results(1.5), "this CPU"))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        targets.read(path)


def test_the_recorded_medians_are_of_workloads_that_there_are() -> None:
    known = targets.read(targets.MEDIANS)
    there = {(w.kind, w.net, w.batch, w.better) for w in WORKLOADS}
    for target in known:
        assert (target.what, target.net, target.batch, target.direction) in there
        assert target.against in peers(target.what)
        assert 0 < target.tolerance < 1
    assert len({target.key for target in known}) == len(known)


@pytest.mark.parametrize(("ratio", "status"), [(1.5, 0), (1.2, 1)])
def test_a_loss_ends_a_run_with_status_1(
    ratio: float,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "medians.csv"
    this = cpu(Path("/proc/cpuinfo").read_text())
    targets.record(path, targets.measured(results(1.5), this))
    engine = stand_in(tmp_path, "pass")
    words = ["run", "--targets", str(path), "--engine", str(engine), "--isa", "native"]
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setattr(run, "measured", lambda _: results(ratio))
    if status:
        with pytest.raises(SystemExit, match="1 worse than recorded"):
            run.main()
    else:
        run.main()
    printed = capsys.readouterr().out
    assert "**1.20**" in printed if status else "**1.50**" in printed
    assert printed.count("within tolerance") == 2 - status
    assert printed.count("a LOSS") == status


def test_record_puts_the_medians_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "medians.csv"
    words = ["run", "--record", "--targets", str(path), "--isa", "native"]
    monkeypatch.setattr(sys, "argv", [*words, "--engine", str(stand_in(tmp_path, "pass"))])

    def some(_: object) -> Iterator[Result]:
        yield from results(1.5)
        raise BenchmarkError("interrupted")

    monkeypatch.setattr(run, "measured", some)
    with pytest.raises(SystemExit, match="interrupted"):
        run.main()  # What was measured before is in the file.
    assert [target.ratio for target in targets.read(path)] == [0.8, 1.5]
