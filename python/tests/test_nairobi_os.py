"""Run by test/python with a daemon of its own: NAIROBI_SOCKET names it."""

import datetime
import copy
import decimal
import gc
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import nairobi_os as nb  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None
try:
    import pandas
except ImportError:
    pandas = None

ROWS = 1000
CSV = "x,y,name,gap\n" + "".join(
    f"{i},{i / 4},{'long text number ' * 2 if i % 3 else 'k'}{i % 7},{'' if i % 5 == 0 else i}\n"
    for i in range(ROWS)
)


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "t.csv")
        Path(cls.path).write_text(CSV)
        cls.df = nb.read_csv(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()


class Frames(Base):
    def test_shape_and_types(self):
        self.assertEqual(self.df.shape, (ROWS, 4))
        self.assertEqual(self.df.columns, ["x", "y", "name", "gap"])
        self.assertEqual(self.df.y.type, "Float64")

    def test_figures(self):
        y = self.df.y
        self.assertEqual(y.mean(), (ROWS - 1) / 8)
        self.assertEqual((y.min(), y.max()), (0.0, (ROWS - 1) / 4))
        self.assertIsInstance(y.max(), float)
        self.assertEqual(self.df.x.sum(), ROWS * (ROWS - 1) // 2)
        self.assertAlmostEqual(y.std_dev() ** 2, y.variance())
        self.assertEqual(y.quantile(0.5), y.median())
        self.assertEqual(self.df["gap"].nulls(), ROWS // 5)
        self.assertAlmostEqual(y.skewness(), 0, places=9)

    def test_crunch_and_correlate(self):
        crunched = self.df.crunch("y")
        self.assertEqual(crunched["rows"], ROWS)
        self.assertEqual(crunched["anomalies"], [])
        self.assertEqual(self.df.correlate("x,y"), {"pearson": 1, "spearman": 1})
        with self.assertRaisesRegex(ValueError, "'name' has no numbers"):
            self.df.correlate("name", "y")

    def test_anomalies_are_the_rows_far_out(self):
        path = os.path.join(self.folder.name, "spike.csv")
        Path(path).write_text("v,k\n" + "1,a\n2,b\n" * 100 + "500,spike\n")
        self.assertEqual(nb.read_csv(path).v.crunch()["anomalies"], [{"v": 500, "k": "spike"}])

    def test_pipeline_is_one_call(self):
        done = nb.data.pipeline(self.path, "y", "x,y")
        self.assertEqual(done["mean"], (ROWS - 1) / 8)
        self.assertEqual((done["rows"], done["pearson"]), (ROWS, 1))

    def test_values_without_numpy(self):
        self.assertEqual(self.df.gap.to_list()[:6], [None, 1, 2, 3, 4, None])
        self.assertEqual(self.df.name.to_list()[:2], ["k0", "long text number " * 2 + "1"])
        view = self.df.y.view()
        self.assertEqual((view[3], len(view), view.readonly), (0.75, ROWS, True))
        self.assertIsNone(self.df.gap.view())

    def test_bytes_are_handed_over_in_memory(self):
        df = nb.read_csv(CSV.encode(), name="given.csv")
        self.assertEqual((df.shape, df.y.mean()), (self.df.shape, self.df.y.mean()))
        self.assertEqual(df.x.to_list(), self.df.x.to_list())
        with self.assertRaises(nb.NairobiError) as caught:
            nb.read_csv(b"a,b\n1,2\n3\n", name="short.csv")
        self.assertIn("short.csv", str(caught.exception))
        df.free()

    def test_repr(self):
        self.assertIn("[1,000 rows x 4 columns]", repr(self.df))
        self.assertIn("<th title='Float64'>y</th>", self.df._repr_html_())

    def test_unknown_names(self):
        with self.assertRaises(AttributeError):
            self.df.nope
        with self.assertRaises(KeyError):
            self.df["nope"]
        with self.assertRaises(nb.NairobiError) as caught:
            self.df.query("select nam from data")
        self.assertEqual((caught.exception.code, caught.exception.exit), ("UNKNOWN_COLUMN", 1))
        self.assertIn("name", caught.exception.hint)
        with self.assertRaises(nb.NairobiError) as caught:
            nb.read_csv(os.path.join(self.folder.name, "none.csv"))
        self.assertEqual(caught.exception.code, "NOT_FOUND")

    def test_errors_are_what_python_calls_them(self):
        for kind, ask in (
            (FileNotFoundError, lambda: nb.read_csv("/nowhere.csv")),
            (KeyError, lambda: self.df.query("select nam from data")),
            (ValueError, lambda: self.df.query("selec")),
            (ValueError, lambda: nb.read_csv(self.path, sep=";")),
            (LookupError, lambda: self.df.query("select * from nowhere")),
            (TimeoutError, lambda: nb.ignite().call("Query", sql="select count(*) from range(300000) a, range(300) b", timeoutMs=0)),
            (TypeError, lambda: self.df[0:3]),
        ):
            with self.assertRaises(kind) as caught:
                ask()
            if kind is not TypeError:
                self.assertIsInstance(caught.exception, nb.NairobiError)
                again = pickle.loads(pickle.dumps(caught.exception))
                self.assertEqual((str(again), type(again)), (str(caught.exception), type(caught.exception)))

    def test_encodings_have_pythons_names_too(self):
        path = os.path.join(self.folder.name, "latin.csv")
        Path(path).write_bytes("a\nJürgen\n".encode("latin-1"))
        self.assertEqual(nb.read_csv(path, ",", "latin-1").a.to_list(), ["Jürgen"])
        self.assertEqual(nb.read_csv(self.path, encoding="UTF-8").shape, self.df.shape)

    def test_figures_have_the_type_of_the_column(self):
        row = "select timestamp '2024-01-01 10:00:00.5' as t, date '2024-02-29' as d, true as b, 2::double as f, 7 as i"
        one = self.df.query(row + " limit 1")
        self.assertEqual(one.t.max(), datetime.datetime(2024, 1, 1, 10, 0, 0, 500000))
        self.assertEqual((one.d.min(), one.b.max(), one.i.sum()), (datetime.date(2024, 2, 29), True, 7))
        self.assertIsInstance(one.f.max(), float)

    def test_names_of_columns_are_in_a_frame(self):
        self.assertTrue("gap" in self.df and "gab" not in self.df)
        self.assertEqual(list(self.df), self.df.columns)

    def test_copies_and_other_processes_read_the_source_themselves(self):
        few = self.df.query("select x from data where x < $n", n=3)
        for made in (copy.copy(few), copy.deepcopy(few), pickle.loads(pickle.dumps(few))):
            self.assertEqual(made.x.to_list(), [0, 1, 2])


class Queries(Base):
    def test_parameters_are_values(self):
        found = self.df.query("select x from data where name = $n and x < 10", n="k'; drop")
        self.assertEqual(len(found), 0)
        big = self.df.query("select $big::bigint + 0 as b limit 1", big=2**62)
        self.assertEqual(big.to_rows(), [{"b": 2**62}])

    def test_a_query_of_a_query(self):
        first = self.df.query("select x, y * 2 as z from dataset where x >= 500")
        second = first.query("select max(z) as top, count(*) as n from data")
        self.assertEqual(second.to_rows(), [{"top": (ROWS - 1) / 2, "n": ROWS - 500}])
        self.assertEqual(first.z.max(), (ROWS - 1) / 2)
        self.assertEqual(self.df[["y", "x"]].columns, ["y", "x"])

    def test_a_query_of_a_query_takes_all_that_a_query_may_be(self):
        first = self.df.query("select x, y from data where x >= $least -- the last\n;", least=990)
        self.assertEqual((first.y.min(), first.plot(x="x", y="y").rows), (247.5, 10))
        within = first.query("/* some */ WITH a as (select * from dataset where x < $most) select count(*) as n from a", most=995)
        self.assertEqual(within.to_rows(), [{"n": 5}])
        counted = "with recursive t as (select 1 as n union all select n + 1 from t where n < 5) select sum(n) as s from t, data"
        self.assertEqual(first.query(counted).to_rows(), [{"s": 150}])
        with self.assertRaisesRegex(ValueError, "rename it"):
            first.query("select $least", least=1)

    def test_columns_of_one_name_stay_two(self):
        two = self.df.query("select x, y as x from data limit 1")
        self.assertEqual((two.shape, two.to_rows()), ((1, 2), [{"x": 0, "x_1": 0.0}]))

    def test_values_for_parameters(self):
        day = self.df.query("select $d::date as d, $t::timestamp as t limit 1", d=datetime.date(2024, 2, 29), t=datetime.datetime(2024, 1, 1, 10))
        self.assertEqual(day.to_rows(), [{"d": datetime.date(2024, 2, 29), "t": datetime.datetime(2024, 1, 1, 10)}])
        for wrong, kind in ((float("nan"), ValueError), (decimal.Decimal("1.5"), TypeError), ([1], TypeError)):
            with self.assertRaises(kind):
                self.df.query("select $v", v=wrong)
        self.assertEqual(self.df.x.max(), ROWS - 1)

    def test_types(self):
        row = self.df.query(
            "select date '2024-02-29' as d, timestamp '2024-01-01 10:00:00.123' as t,"
            " 1.25::decimal(10, 2) as dec, [1, 2, null] as l, true as b, null as n,"
            " timestamptz '2024-01-01 10:00:00+01' as z, time '10:00' as tm,"
            " interval '90 minutes' as i, 'é€😀'::text as s,"
            " -99999999999999999999999999999999999999::hugeint as h limit 1"
        ).to_rows()[0]
        utc = datetime.timezone.utc
        self.assertEqual(
            row,
            {
                "d": datetime.date(2024, 2, 29),
                "t": datetime.datetime(2024, 1, 1, 10, 0, 0, 123000),
                "dec": decimal.Decimal("1.25"),
                "l": [1, 2, None],
                "b": True,
                "n": None,
                "z": datetime.datetime(2024, 1, 1, 9, tzinfo=utc),
                "tm": datetime.time(10),
                "i": datetime.timedelta(minutes=90),
                "s": "é€😀",
                "h": decimal.Decimal("-99999999999999999999999999999999999999"),
            },
        )

    def test_no_rows(self):
        none = self.df.query("select * from data where x < 0")
        self.assertEqual((len(none), none.to_rows()), (0, []))
        self.assertEqual(none.to_dict(), {"x": [], "y": [], "name": [], "gap": []})


class Charts(Base):
    def test_png(self):
        picture = self.df.plot(x="x", y="y", width=300, height=200)
        self.assertEqual(picture._repr_png_()[:8], b"\x89PNG\r\n\x1a\n")
        self.assertIsNone(picture._repr_html_())
        out = os.path.join(self.folder.name, "out.png")
        picture.save(out)
        self.assertEqual(Path(out).read_bytes(), picture.data)

    def test_html_and_svg(self):
        self.assertIn("<iframe srcdoc=", self.df.y.plot(format="html")._repr_html_())
        self.assertTrue(self.df.plot(x="x", y="y", format="svg")._repr_svg_().startswith("<svg"))

    def test_a_chart_of_a_query(self):
        picture = self.df.query("select x, y from data where x < 10").plot(x="x", y="y", mark="line")
        self.assertEqual((picture.mark, picture.rows), ("line", 10))


@unittest.skipIf(numpy is None, "numpy is not installed")
class Numpy(Base):
    def test_no_copy(self):
        arrays = self.df.to_numpy()
        y = arrays["y"]
        self.assertFalse(y.flags.owndata)
        self.assertFalse(y.flags.writeable)
        self.assertEqual(float(y.sum()), sum(i / 4 for i in range(ROWS)))
        address = y.__array_interface__["data"][0]
        maps = Path("/proc/self/maps").read_text().splitlines()
        inside = [m for m in maps if int(m.split("-")[0], 16) <= address < int(m.split("-")[1].split()[0], 16)]
        self.assertIn("/memfd:nairobi", inside[0])

    def test_gaps(self):
        gap = self.df.gap.to_numpy()
        self.assertTrue(numpy.isnan(gap[0]))
        self.assertEqual(gap[1], 1)
        big = self.df.query("select case when x = 0 then null else 9007199254740993 end as b from data limit 2")
        self.assertEqual(list(big.b.to_numpy()), [None, 9007199254740993])

    def test_types(self):
        row = self.df.query(
            "select date '2024-02-29' as d, timestamp '2024-01-01 10:00:00.123' as t, true as b, null as n,"
            " interval '90 minutes' as i, x::utinyint as u, x::real as f, 'a' as s from data limit 3"
        ).to_numpy()
        self.assertEqual(row["d"][0], numpy.datetime64("2024-02-29"))
        self.assertEqual(row["t"][0], numpy.datetime64("2024-01-01T10:00:00.123"))
        self.assertEqual(row["i"][0], numpy.timedelta64(90, "m"))
        self.assertEqual([str(row[k].dtype) for k in "bufs"], ["bool", "uint8", "float32", "object"])

    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_pandas(self):
        frame = self.df.to_pandas()
        expected = pandas.read_csv(self.path)
        pandas.testing.assert_frame_equal(frame, expected)

    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_pandas_reads_random_tables_alike(self):
        seed = int(os.environ.get("SEED", random.randrange(10**9)))
        print(f"seed {seed}", file=sys.stderr)
        random.seed(seed)
        make = {
            "i": lambda: str(random.randint(-(2**40), 2**40)),
            "f": lambda: repr(random.uniform(-1e6, 1e6)),
            "s": lambda: random.choice(["left", "right", "läng", "two words", 'a ""quoted"" one']),
            "b": lambda: random.choice(["true", "false"]),
            "t": lambda: f"2024-0{random.randint(1, 9)}-1{random.randint(0, 9)} 0{random.randint(0, 9)}:30:00",
        }
        for round in range(8):
            # Of one column, a text that is missing would be a blank line.
            kinds = [random.choice(list(make)) for _ in range(random.randint(2, 6))]
            gaps = [random.random() < 0.4 for _ in kinds]
            names = [f"{kind}{i}" for i, kind in enumerate(kinds)]
            rows = [
                ['' if gap and random.random() < 0.2 else make[kind]() for kind, gap in zip(kinds, gaps)]
                for _ in range(random.randint(20, 200))
            ]
            path = os.path.join(self.folder.name, f"r{round}.csv")
            cell = lambda text: f'"{text}"' if '"' in text else text  # noqa: E731
            Path(path).write_text("\n".join(",".join(map(cell, row)) for row in [names, *rows]) + "\n")
            ours = nb.read_csv(path).to_pandas()
            theirs = pandas.read_csv(path, parse_dates=[n for n in names if n[0] == "t"], skip_blank_lines=False)
            for name in names:
                # pandas has True, False and NaN; we have None where nothing is.
                mine, its = ours[name], theirs[name]
                if mine.dtype == object:
                    self.assertEqual([None if v is None else v for v in mine], [None if v != v else v for v in its], f"seed {seed}: {name}")
                else:
                    pandas.testing.assert_series_equal(mine, its, obj=f"seed {seed}: {name}")

    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_times_in_pandas(self):
        frame = self.df.query("select timestamptz '2024-01-01 10:00:00+01' as z, timestamp '0001-01-01' as old limit 1").to_pandas()
        self.assertEqual(str(frame.dtypes["z"]), "datetime64[ns, UTC]" if frame.z.dtype.unit == "ns" else f"datetime64[{frame.z.dtype.unit}, UTC]")
        self.assertEqual(frame.z[0], pandas.Timestamp("2024-01-01 09:00", tz="UTC"))
        self.assertEqual(frame.old[0].year, 1)

    def test_no_page_is_there_twice(self):
        path = os.path.join(self.folder.name, "wide.csv")
        Path(path).write_text("v\n" + "0.5\n" * 400_000)
        frame = nb.read_csv(path)
        before = resident()
        values = frame.v.to_numpy()
        self.assertEqual(float(values.sum()), 200_000.0)
        # 3.2 MB were looked at: they count as shared memory, none as this process's own.
        self.assertLess(resident() - before, 1_000_000)
        address = values.__array_interface__["data"][0]
        mapped = [m.split() for m in Path("/proc/self/maps").read_text().splitlines()]
        inodes = {m[4] for m in mapped if int(m[0].split("-")[0], 16) <= address < int(m[0].split("-")[1], 16)}
        pid = nb.ignite().call("Status")[0]["pid"]
        theirs = {os.stat(f"/proc/{pid}/fd/{fd}").st_ino for fd in os.listdir(f"/proc/{pid}/fd")}
        self.assertLessEqual({int(inode) for inode in inodes}, theirs)


def resident():
    """Bytes of this process's own memory, without what it shares."""
    (line,) = [m for m in Path("/proc/self/status").read_text().splitlines() if m.startswith("RssAnon")]
    return int(line.split()[1]) * 1024


class WithoutPackages(Base):
    def test_what_needs_one_says_so_and_names_what_does_not(self):
        for module, ask in (
            ("numpy", self.df.to_numpy),
            ("numpy", self.df.y.to_numpy),
            ("pandas", self.df.to_pandas),
            ("pyarrow", self.df.to_arrow),
        ):
            with unittest.mock.patch.dict(sys.modules, {module: None}):
                with self.assertRaisesRegex(ImportError, f"^{module} is not installed here: .* use to_"):
                    ask()

    def test_the_rest_needs_none(self):
        names = ("numpy", "pandas", "pyarrow")
        with unittest.mock.patch.dict(sys.modules, {name: None for name in names}):
            df = nb.read_csv(self.path)
            self.assertEqual(df.y.mean(), (ROWS - 1) / 8)
            self.assertEqual(df.y.view()[5], 1.25)
            self.assertEqual(df.query("select max(x) as m from data").to_rows(), [{"m": ROWS - 1}])
            self.assertEqual(df.plot(x="x", y="y")._repr_png_()[:4], b"\x89PNG")


class Lives(Base):
    def test_threads_share_a_connection(self):
        seen = []
        def ask(n):
            seen.append(self.df.query("select count(*) as n from data where x < $n", n=n).to_rows()[0]["n"] == n)
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, [True] * 20)

    def test_descriptors_stay_where_they_were(self):
        def once():
            self.df.query("select * from data").to_rows()
        once()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            once()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    def test_a_view_outlives_its_frame(self):
        frame = nb.read_csv(self.path)
        view = frame.y.view()
        frame.free()
        del frame
        self.assertEqual(view[5], 1.25)


    def test_frames_that_are_gone_are_let_go_of(self):
        def given():
            answer, _ = nb.ignite().call("List")
            return sum(each["path"] == "gone.csv" for each in answer["datasets"])

        for i in range(20):
            df = nb.read_csv(b"a\n%d\n" % i, name="gone.csv")
            self.assertEqual(df.query("select a from data").a.max(), i)
        few = df.query("select a from data")
        self.assertLessEqual(given(), 2)
        del df
        gc.collect()
        # What a query gave is of it still.
        self.assertEqual((few.a.max(), given()), (19, 1))
        few.free()
        del few
        gc.collect()
        nb.ignite().call("Status")
        self.assertEqual(given(), 0)

    def test_a_frame_that_was_freed_is_read_again(self):
        with nb.read_csv(self.path) as df:
            self.assertEqual(df.x.max(), ROWS - 1)
        self.assertEqual((df.x.min(), len(df.y.to_list())), (0, ROWS))

    def test_an_interrupted_request_is_cancelled_and_the_next_one_works(self):
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        started = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            self.df.query("select levenshtein(repeat('a', 30000), repeat('b', 30000)) as d")
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(self.df.x.max(), ROWS - 1)

    def test_a_forked_process_gets_a_connection_of_its_own(self):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                told = f"{self.df.x.max()} {nb.read_csv(self.path).y.min()}"
            except BaseException as error:
                told = repr(error)
            os.write(into, told.encode())
            os._exit(0)
        os.close(into)
        mine = [self.df.x.min() for _ in range(20)]
        told = os.read(out, 1000).decode()
        os.waitpid(child, 0)
        os.close(out)
        self.assertEqual((told, mine), (f"{ROWS - 1} 0.0", [0] * 20))


def end_daemons(socket):
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if socket.encode() in place.read_bytes().split(b"\0"):
                os.kill(int(place.parent.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended.


class Daemons(unittest.TestCase):
    def test_many_at_once_start_one(self):
        with tempfile.TemporaryDirectory() as folder:
            env = {
                **os.environ,
                "NAIROBI_SOCKET": os.path.join(folder, "run", "socket"),
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            }
            code = "import nairobi_os as nb; print(nb.ignite().call('Status')[0]['pid'])"
            words = [sys.executable, "-X", "dev", "-c", code]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            told = [run.communicate() for run in [subprocess.Popen(words, env=env, **pipes) for _ in range(3)]]
            self.assertEqual({error for _, error in told}, {""})
            try:
                self.assertEqual(len({said for said, _ in told}), 1)
            finally:
                # One that came late would take over the socket of the one that is killed.
                end_daemons(env["NAIROBI_SOCKET"])

    def test_no_command_is_said_so(self):
        with tempfile.TemporaryDirectory() as folder:
            env = {"PATH": folder, "NAIROBI_SOCKET": os.path.join(folder, "socket")}
            with unittest.mock.patch.dict(os.environ, {**env, "NAIROBI_BIN": os.path.join(folder, "none")}):
                with self.assertRaises(FileNotFoundError):
                    nb.connect()

    def test_one_is_started_and_stopped_and_lost_rows_are_read_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            Path(path).write_text("a,b\n1,2\n2,5\n")
            code = (
                "import sys, nairobi_os as nb\n"
                "df = nb.read_csv(sys.argv[1])\n"
                "assert df.a.mean() == 1.5\n"
                "assert nb.stop_refinery()\n"
                "assert df.a.max() == 2\n"
                "assert nb.stop_refinery()\n"
                "assert nb.read_csv(sys.argv[1]).a.min() == 1\n"
                "assert nb.stop_refinery()\n"
                "assert nb.data.pipeline(sys.argv[1], 'a', 'a,b')['mean'] == 1.5\n"
                "assert nb.stop_refinery() and not nb.stop_refinery()\n"
            )
            env = {
                **os.environ,
                "NAIROBI_SOCKET": os.path.join(folder, "run", "socket"),
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            }
            done = subprocess.run([sys.executable, "-c", code, path], env=env, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
