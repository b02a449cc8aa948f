#!/usr/bin/env python3
"""Measures the shipped siraj on a private database beside pgbench, and writes a table of ratios.

Each step can be run alone; the data folder and the results of earlier steps are kept in target/bench.

  start        start times (empty folder, with the demo, existing folder), idle memory, size of the binary
  demo         a fresh data folder with the demo campaign (740 people)
  figures      the figures at the present number of assignments: cold, warm and unchanged, beside a route that does nothing
  facilities   loads facilities (--facilities)
  point        GET /facilities/{id}     beside pgbench with the same statement
  list         GET /facilities?limit=50 beside pgbench with the same statement
  create       POST /facilities         beside pgbench with the bare insert
  assignments  loads assignments (--assignments), paid by 1,000 contracts
  post         POST /assignments with the totals behind the figures and without them
  export       GET /assignments?format=csv, all of them, beside psql's \\copy of the same columns in the same order; how much memory it takes
  moments      figures as they were known a moment ago, and a series of 120 months, one request at a time
  gap          asks which of the assignments lose their line in a month, one connection
  movements    loads stock movements (--movements) into 20 places with 2,000 lots
  balance      GET /stock-balances of one place at random past days, one connection
  receipt      POST /stock-documents with five lines beside pgbench doing the bare inserts and updates
  hammer       64 writers on the same ten lots for 30 seconds, then the ledger is added up again
  stipends     drafts, approves and pays a run of 10,000 people (--people), in two currencies
  table        writes target/bench/table.md from the results
  all          all of these, the figures before and after the assignments
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "bench"
WORK = ROOT / "target" / "bench"
PASSWORD = "a measure of lamp oil"
SYSTEM = "00000000-0000-7000-8000-000000000001"
COLUMNS = ("id, code, name, name_ar, aliases, kinds, area_id, operator_id, beds, opened_on, closed_on, note, "
           "same_name_confirmed, retired_at, revision, recorded_at, recorded_by")
# The ids of loaded facilities can be computed: wrk and pgbench choose among them without a list.
FACILITY_ID = "('00000000-0000-7000-9000-' || lpad(to_hex({n}::bigint), 12, '0'))::uuid"


class Service:
    """siraj on a folder of its own, on a free port, without DATABASE_URL."""

    def __init__(self, options, folder: Path, demo: bool = False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.options, self.folder, self.token, self.signed_in = options, folder, None, 0.0
        environment = {name: value for name, value in os.environ.items()
                       if name != "DATABASE_URL" and not name.startswith("SIRAJ_")}
        environment |= {"SIRAJ_LISTEN": self.address, "SIRAJ_DATA_DIR": str(folder), "SIRAJ_DEMO_PASSWORD": PASSWORD,
                        "SIRAJ_LOG": "error"}
        folder.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with open(WORK / "service.log", "a") as log:
            words = [options.binary, "serve"] + (["--demo"] if demo else [])
            self.process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > 120:
                self.stop()
                sys.exit(f"the service did not start; see {WORK / 'service.log'}")
            time.sleep(0.005)
        self.started_in = time.monotonic() - began

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5).status == 200
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, method: str, path: str, body=None) -> dict:
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://{self.address}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                self.etag = answer.headers["etag"]
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            sys.exit(f"{method} {path}: {refused.code} {refused.read().decode()[:500]}")

    def sign_in(self):
        """Tokens live for minutes: each measurement begins with a fresh one."""
        self.token = None
        body = {"email": "manager@demo.siraj.example", "password": PASSWORD}
        self.token = self.ask("POST", "/auth/login", body)["access_token"]

    def socket_folder(self) -> str:
        lines = (self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        return lines[4]

    def database(self, role: str) -> list[str]:
        return ["-h", self.socket_folder(), "-U", role, "-d", "siraj"]

    def sql(self, text: str) -> str:
        """As the owner, without triggers where the text asks for it."""
        words = [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *self.database("siraj_owner"), "-f", "-"]
        done = subprocess.run(words, input=text, text=True, capture_output=True)
        if done.returncode:
            sys.exit(done.stderr)
        return done.stdout.strip()

    def memory(self) -> dict:
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return {key.lower(): round(int(kib) / 1024, 1) for key, kib in re.findall(r"^(Rss|Pss):\s+(\d+)", text, re.M)}

    def cpu(self) -> dict:
        """Seconds of processor time so far: the service's, and that of every process working in the data folder."""
        home = (self.folder / "postgres" / "data").resolve()
        spent = {"service": 0.0, "postgres": 0.0}
        tick = os.sysconf("SC_CLK_TCK")
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                own = (int(fields[11]) + int(fields[12])) / tick
                if int(process.name) == self.process.pid:
                    spent["service"] += own
                elif (process / "cwd").resolve() == home:
                    # With the children that have ended, so that pgbench's backends count too.
                    spent["postgres"] += own + (int(fields[13]) + int(fields[14])) / tick
        return spent


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = str(places[-1]) if places else None
    if found is None:
        sys.exit(f"{name} is missing; scripts/prepare.sh bench installs it")
    return found


def keep(name: str, value: dict):
    path = WORK / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results[name] = value
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"{name}: {json.dumps(value)}", flush=True)


def measured(service: Service, run) -> dict:
    before = service.cpu()
    result = run()
    after = service.cpu()
    for name in before:
        result[f"{name}_us"] = round((after[name] - before[name]) * 1e6 / max(result["requests"], 1), 1)
    return result


def wrk(service: Service, script: str, connections: int, seconds: float, **settings) -> dict:
    service.sign_in()
    environment = os.environ | {"BENCH_DIR": str(HERE), "TOKEN": service.token, **{name.upper(): str(value) for name, value in settings.items()}}
    words = [program("wrk"), f"-t{min(2, connections)}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "60s",
             "-s", str(HERE / script), f"http://{service.address}"]

    def run() -> dict:
        done = subprocess.run(words, env=environment, text=True, capture_output=True)
        found = re.search(r"^RESULT (.*)$", done.stdout, re.M)
        if not found:
            sys.exit(done.stdout + done.stderr)
        result = json.loads(found[1])
        if result["errors"]:
            sys.exit(f"{script}: {result['errors']} answers were refusals\n{done.stdout}")
        result["per_second"] = round(result["requests"] / result["seconds"], 1)
        return result

    return measured(service, run)


def pgbench(service: Service, text: str, connections: int, seconds: float) -> dict:
    path = WORK / "pgbench.sql"
    path.write_text(text)
    words = [program("pgbench"), "-n", "-M", "prepared", "-j2", f"-c{connections}", f"-T{max(1, round(seconds))}", "-r",
             "-f", str(path), *service.database("siraj_service")]

    def run() -> dict:
        done = subprocess.run(words, text=True, capture_output=True)
        rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
        count = re.search(r"transactions actually processed: (\d+)", done.stdout)
        failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
        if done.returncode or not rate or not count or (failed and int(failed[1])):
            sys.exit(done.stdout + done.stderr)
        return {"requests": int(count[1]), "per_second": round(float(rate[1]), 1)}

    return measured(service, run)


def beside(options, name: str, script: str, statement: str, **settings):
    """Ours and pgbench in turn, the median of three of each."""
    with Service(options, options.data) as service:
        service.sign_in()
        wrk(service, script, options.connections, 2, **settings)
        pgbench(service, statement, options.connections, 2)
        ours, bare = [], []
        for _ in range(3):
            ours.append(wrk(service, script, options.connections, options.seconds, **settings))
            bare.append(pgbench(service, statement, options.connections, options.seconds))
        middle = lambda runs: sorted(runs, key=lambda run: run["per_second"])[1]
        ours, bare = middle(ours), middle(bare)
        keep(name, {"siraj": ours, "pgbench": bare, "ratio": round(ours["per_second"] / bare["per_second"], 3)})


def start(options):
    folder = WORK / "start"
    times = {}
    for name, demo, fresh in (("empty", False, True), ("existing", False, False), ("demo", True, True)):
        runs = []
        for _ in range(3):
            if fresh:
                shutil.rmtree(folder, ignore_errors=True)
            with Service(options, folder, demo) as service:
                runs.append(service.started_in)
                if name == "existing":
                    time.sleep(1)
                    times["idle_memory_mib"] = service.memory()
        times[f"{name}_seconds"] = round(sorted(runs)[1], 3)
    shutil.rmtree(folder, ignore_errors=True)
    times["binary_mb"] = round(Path(options.binary).stat().st_size / 1e6, 1)
    keep("start", times)


def demo(options):
    shutil.rmtree(options.data, ignore_errors=True)
    with Service(options, options.data, demo=True) as service:
        print(f"demo: {service.sql('SELECT count(*) FROM assignments')} assignments", flush=True)


def facilities(options):
    with Service(options, options.data) as service:
        service.sql(f"""
            BEGIN;
            SET LOCAL session_replication_role = replica;
            DELETE FROM campaign_facilities WHERE facility_id IN (SELECT id FROM facilities WHERE code LIKE 'BENCH-%');
            DELETE FROM facilities WHERE code LIKE 'BENCH-%' OR code LIKE 'WRK-%' OR code LIKE 'PGB-%';
            INSERT INTO facilities (id, code, name, name_ar, kinds, area_id, beds, opened_on, recorded_by)
            SELECT {FACILITY_ID.format(n='n')}, 'BENCH-' || lpad(n::text, 7, '0'), 'Medical point ' || n, 'نقطة طبية ' || n,
                   ARRAY['medical_point'], area.id, n % 50, date '2012-11-01' + (n % 1000)::int, '{SYSTEM}'
            FROM generate_series(1, {options.facilities}) n
            JOIN (SELECT id, row_number() OVER (ORDER BY code) AS place, count(*) OVER () AS places FROM areas) area
              ON area.place = 1 + n % area.places;
            INSERT INTO campaign_facilities (id, campaign_id, facility_id, recorded_by)
            SELECT gen_random_uuid(), (SELECT id FROM campaigns ORDER BY code LIMIT 1), id, '{SYSTEM}'
            FROM facilities WHERE code LIKE 'BENCH-%';
            COMMIT;
            VACUUM ANALYZE facilities, campaign_facilities;""")
        print(f"facilities: {service.sql('SELECT count(*) FROM facilities')}", flush=True)


def assignments(options):
    """Four posts one after the other for each person, over the years of the demo, paid by one of a thousand contracts; without triggers."""
    people = max(1, options.assignments // 4)
    contract = "('00000000-0000-7000-b000-' || lpad(to_hex({n}), 12, '0'))::uuid"
    with Service(options, options.data) as service:
        service.sql(f"""
            BEGIN;
            SET LOCAL session_replication_role = replica;
            SET LOCAL maintenance_work_mem = '512MB';
            DELETE FROM assignments WHERE staff_id IN (SELECT id FROM staff WHERE code LIKE 'BENCH-%');
            DELETE FROM staff WHERE code LIKE 'BENCH-%';
            INSERT INTO contracts (id, code, name, organization_id, starts_on, ends_on, recorded_by)
            SELECT {contract.format(n='n')}, 'BENCH-' || lpad(n::text, 4, '0'), 'Contract ' || n, (SELECT id FROM organizations ORDER BY code LIMIT 1),
                   date '2012-11-01', date '2015-01-01' + (n % 730)::int, '{SYSTEM}'
            FROM generate_series(1::bigint, 1000) n ON CONFLICT (id) DO NOTHING;
            INSERT INTO staff (id, code, cadre, area_id, recorded_by)
            SELECT ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid, 'BENCH-' || lpad(n::text, 7, '0'),
                   (ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service'])[1 + n % 7],
                   (SELECT id FROM areas ORDER BY code LIMIT 1), '{SYSTEM}'
            FROM generate_series(1::bigint, {people}) n;
            INSERT INTO assignments (id, staff_id, facility_id, contract_id, cadre, starts_on, ends_on, recorded_by)
            SELECT gen_random_uuid(), ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid,
                   {FACILITY_ID.format(n=f'(1 + (n * 7 + post) % {options.facilities})')}, {contract.format(n='(1 + n % 1000)')},
                   (ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service'])[1 + n % 7],
                   date '2012-11-01' + (post * 300)::int, date '2012-11-01' + (post * 300 + 299)::int, '{SYSTEM}'
            FROM generate_series(1::bigint, {people}) n, generate_series(0, 3) post;
            COMMIT;
            CALL totals.rebuild();
            VACUUM ANALYZE staff, contracts, assignments, totals.staff_spans, totals.days;""")
        print(f"assignments: {service.sql('SELECT count(*) FROM assignments')}", flush=True)


def figures(options):
    """Cold: each time of another day, after a change of the version; warm and unchanged: of one day, beside a route that does nothing."""
    with Service(options, options.data) as service:
        count = int(service.sql("SELECT count(*) FROM assignments"))
        service.sign_in()
        path = "/reports/figures?as_of=2015-06-30"
        told, etag = service.ask("GET", path), service.etag
        cold = []
        for turn in range(30):
            service.sql("UPDATE totals.versions SET version = version + 1")
            day = f"{2013 + turn % 3}-{1 + turn % 12:02}-{1 + turn * 7 % 28:02}"
            began = time.monotonic()
            service.ask("GET", f"/reports/figures?as_of={day}")
            cold.append((time.monotonic() - began) * 1000)
        cold.sort()
        result = {"p50_ms": round(cold[len(cold) // 2], 2), "p99_ms": round(cold[-1], 2)}
        for name, settings in (("hello", {"route": "/healthz"}), ("warm", {}), ("unchanged", {"unchanged": etag})):
            wrk(service, "figures.lua", options.connections, 2, **settings)
            runs = [wrk(service, "figures.lua", options.connections, options.seconds, **settings) for _ in range(3)]
            result[name] = sorted(run["per_second"] for run in runs)[1]
        result |= {"warm_ratio": round(result["warm"] / result["hello"], 2), "unchanged_ratio": round(result["unchanged"] / result["hello"], 2),
                   "assignments": count, "staff": told["staff"]["total"], "facilities": told["facilities"]["total"]}
        keep("figures_large" if count >= 100_000 else "figures_small", result)


def post(options):
    """POST /assignments with the totals' triggers and without them, in turn, the median of three of each."""
    with Service(options, options.data) as service:
        facility = service.sql("SELECT id FROM facilities WHERE opened_on < '2014-01-01' AND closed_on IS NULL ORDER BY code LIMIT 1")
        service.sql(f"""
            INSERT INTO staff (id, code, cadre, area_id, recorded_by)
            SELECT ('00000000-0000-7000-a001-' || lpad(to_hex(n), 12, '0'))::uuid, 'POSTED-' || n, 'doctor', (SELECT id FROM areas ORDER BY code LIMIT 1), '{SYSTEM}'
            FROM generate_series(1::bigint, 200000) n ON CONFLICT DO NOTHING;""")
        runs = {"with": [], "without": []}
        switch = lambda word: service.sql(f"""
            ALTER TABLE assignments {word} TRIGGER assignments_totals_insert; ALTER TABLE assignments {word} TRIGGER assignments_version;""")
        first = int(service.sql("SELECT coalesce(max(substring(s.code FROM 8)::bigint), 0) FROM assignments a JOIN staff s ON s.id = a.staff_id WHERE s.code LIKE 'POSTED-%'"))
        for _ in range(3):
            for name, word in (("with", "ENABLE"), ("without", "DISABLE")):
                switch(word)
                run = wrk(service, "post.lua", options.connections, options.seconds, facility=facility, first=first)
                first += 2 * run["requests"] + 1000
                runs[name].append(run)
        switch("ENABLE")
        service.sql("CALL totals.rebuild()")
        middle = {name: sorted(one, key=lambda run: run["per_second"])[1] for name, one in runs.items()}
        keep("post", middle | {"cost": round(middle["without"]["per_second"] / middle["with"]["per_second"], 2)})


def export(options):
    """Ours and psql in turn, the median of three of each; what is written goes nowhere."""
    with Service(options, options.data) as service:
        runs, copies, growth = [], [], 0.0
        for _ in range(3):
            service.sign_in()
            asked = urllib.request.Request(f"http://{service.address}/api/v1/assignments?format=csv", headers={"authorization": f"Bearer {service.token}"})
            before, began, lines, heading = service.memory()["rss"], time.monotonic(), 0, b""
            with urllib.request.urlopen(asked, timeout=600) as answer:
                while part := answer.read(1 << 20):
                    heading = heading or part.split(b"\r\n", 1)[0]
                    lines += part.count(b"\r\n")
                    growth = max(growth, service.memory()["rss"] - before)
            runs.append((lines - 1) / (time.monotonic() - began))
            columns = heading.decode("utf-8-sig")
            words = [program("psql"), "-X", "-q", *service.database("siraj_service"), "-c",
                     f"\\copy (SELECT {columns} FROM assignments WHERE retired_at IS NULL ORDER BY starts_on, id) TO '/dev/null' WITH (FORMAT csv, HEADER)"]
            began = time.monotonic()
            done = subprocess.run(words, text=True, capture_output=True)
            if done.returncode:
                sys.exit(done.stderr)
            copies.append((lines - 1) / (time.monotonic() - began))
        middle = {"rows": lines - 1, "siraj": round(sorted(runs)[1]), "copy": round(sorted(copies)[1]), "memory_growth_mib": round(growth, 1)}
        keep("export", middle | {"ratio": round(middle["siraj"] / middle["copy"], 2)})


def moments(options):
    with Service(options, options.data) as service:
        service.sign_in()
        now = service.ask("GET", "/reports/figures?as_of=2015-06-30")["known_at"]
        paths = {"known": f"/reports/figures?as_of=2015-06-30&known_at={now}",
                 "series": "/reports/figures/series?from=2006-07-01&to=2016-06-30"}
        result = {"assignments": int(service.sql("SELECT count(*) FROM assignments"))}
        for name, path in paths.items():
            times = []
            for _ in range(5):
                # Counted each time, not told again.
                service.sql("UPDATE totals.versions SET version = version + 1")
                began = time.monotonic()
                service.ask("GET", path)
                times.append((time.monotonic() - began) * 1000)
            result[f"{name}_ms"] = round(sorted(times)[2], 1)
        keep("moments_large" if result["assignments"] >= 100_000 else "moments_small", result)


def gap(options):
    """Of a month: a thousand contracts end over two years, and every loaded post is paid by one of them."""
    with Service(options, options.data) as service:
        service.sign_in()
        told = service.ask("GET", "/reports/funding-gaps?from=2015-06-01&to=2015-06-30")
        result = wrk(service, "gap.lua", 1, options.seconds)
        result |= {"assignments": int(service.sql("SELECT count(*) FROM assignments WHERE contract_id IS NOT NULL")),
                   "contracts": int(service.sql("SELECT count(*) FROM contracts")), "posts": sum(day["posts"] for day in told["days"])}
        keep("gap", result)


def point(options):
    statement = (f"\\set n random(1, {options.facilities})\n"
                 f"SELECT {COLUMNS} FROM facilities WHERE id = {FACILITY_ID.format(n=':n')} LIMIT 1;\n")
    beside(options, "point", "point.lua", statement, facilities=options.facilities)


def page(options):
    statement = f"SELECT {COLUMNS} FROM facilities WHERE retired_at IS NULL ORDER BY code, id LIMIT 51;\n"
    beside(options, "list", "list.lua", statement)


def create(options):
    with Service(options, options.data) as service:
        area = service.sql("SELECT id FROM areas ORDER BY code LIMIT 1")
    statement = (
        "\\set n random(1, 1000000000000000)\n"
        "INSERT INTO facilities (id, code, name, kinds, area_id, opened_on, recorded_by) VALUES (gen_random_uuid(), "
        f"'PGB-' || :n::bigint, 'Medical point ' || :n::bigint, ARRAY['medical_point'], '{area}', '2013-01-01', '{SYSTEM}') "
        f"ON CONFLICT (id) DO NOTHING RETURNING {COLUMNS};\n")
    beside(options, "create", "create.lua", statement, area=area, run=f"{int(time.time()):X}")


PLACES, LOTS = 20, 2_000
PLACE_ID = "('00000000-0000-7000-b000-' || lpad(to_hex(({n})::bigint), 12, '0'))::uuid"
LOT_ID = "('00000000-0000-7000-c000-' || lpad(to_hex(({n})::bigint), 12, '0'))::uuid"
DONOR, CONSUMPTION = "00000000-0000-7000-8000-000000000102", "00000000-0000-7000-8000-000000000104"


def movements(options):
    """Every receipt of ten is followed by an issue of one on the same day, so that no day is negative; five lines a document."""
    pairs = max(1, options.movements // 10)
    with Service(options, options.data) as service:
        service.sql(f"""
            BEGIN;
            SET LOCAL session_replication_role = replica;
            SET LOCAL maintenance_work_mem = '512MB';
            SET LOCAL work_mem = '256MB';
            ALTER TABLE stock_movements DISABLE TRIGGER USER;
            ALTER TABLE stock_documents DISABLE TRIGGER USER;
            -- Shipments, dips and counts of the demo go with the ledger that they wrote.
            TRUNCATE stock_days, stock_balances, stock_movements, stock_documents, shipments CASCADE;
            ALTER TABLE stock_movements ENABLE TRIGGER USER;
            ALTER TABLE stock_documents ENABLE TRIGGER USER;
            DELETE FROM lots WHERE id::text LIKE '00000000-0000-7000-c000-%';
            DELETE FROM items WHERE code LIKE 'BENCH-%';
            DELETE FROM stock_locations WHERE code LIKE 'BENCH-%';
            INSERT INTO stock_locations (id, code, name, kind, area_id, recorded_by)
            SELECT {PLACE_ID.format(n='n')}, 'BENCH-' || n, 'Warehouse ' || n, 'warehouse', (SELECT id FROM areas ORDER BY code LIMIT 1), '{SYSTEM}'
            FROM generate_series(0, {PLACES - 1}) n;
            INSERT INTO items (id, code, name, category, base_unit, recorded_by)
            SELECT gen_random_uuid(), 'BENCH-' || n, 'Medicine ' || n, 'medicines', 'tablet', '{SYSTEM}' FROM generate_series(0, {LOTS // 4 - 1}) n;
            INSERT INTO lots (id, item_id, expiry_tracked, number, expires_on, recorded_by)
            SELECT {LOT_ID.format(n='n')}, i.id, true, 'L' || n, '2030-01-01', '{SYSTEM}'
            FROM generate_series(0, {LOTS - 1}) n JOIN items i ON i.code = 'BENCH-' || (n / 4);
            CREATE TEMP TABLE loaded ON COMMIT DROP AS
            SELECT gen_random_uuid() AS id, n, half, {PLACE_ID.format(n=f'n % {PLACES}')} AS place, date '2013-01-01' + (n * 7919 % 1095)::int AS day
            FROM generate_series(1::bigint, {pairs}) n, generate_series(0, 1) half;
            INSERT INTO stock_documents (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, recorded_by)
            SELECT id, CASE half WHEN 0 THEN 'receipt' ELSE 'issue' END, day, CASE half WHEN 0 THEN '{DONOR}' ELSE place END, half = 1,
                   CASE half WHEN 0 THEN place ELSE '{CONSUMPTION}'::uuid END, half = 0, '{SYSTEM}' FROM loaded;
            INSERT INTO stock_movements (document_id, line, lot_id, quantity, occurred_on, from_id, from_holds, to_id, to_holds)
            SELECT id, line, {LOT_ID.format(n=f'(n / {PLACES} * 5 + line) % {LOTS}')}, CASE half WHEN 0 THEN 10 ELSE 1 END, day,
                   CASE half WHEN 0 THEN '{DONOR}' ELSE place END, half = 1, CASE half WHEN 0 THEN place ELSE '{CONSUMPTION}'::uuid END, half = 0
            FROM loaded, generate_series(1, 5) line;
            INSERT INTO stock_balances (location_id, lot_id, quantity)
            SELECT place, {LOT_ID.format(n=f'(n / {PLACES} * 5 + line) % {LOTS}')}, count(*) * 9
            FROM loaded, generate_series(1, 5) line WHERE half = 0 GROUP BY 1, 2;
            INSERT INTO stock_days (location_id, lot_id, day, closing)
            SELECT place, lot, day, sum(sum(9)) OVER (PARTITION BY place, lot ORDER BY day)
            FROM (SELECT place, {LOT_ID.format(n=f'(n / {PLACES} * 5 + line) % {LOTS}')} AS lot, day
                  FROM loaded, generate_series(1, 5) line WHERE half = 0) legs GROUP BY place, lot, day;
            COMMIT;
            VACUUM ANALYZE stock_documents, stock_movements, stock_balances, stock_days, lots, items, stock_locations;""")
        print(f"movements: {service.sql('SELECT count(*) FROM stock_movements')}, days: {service.sql('SELECT count(*) FROM stock_days')}", flush=True)


def balance(options):
    with Service(options, options.data) as service:
        count = int(service.sql("SELECT count(*) FROM stock_movements"))
        place = service.sql("SELECT id FROM stock_locations WHERE code = 'BENCH-7'")
        result = wrk(service, "balance.lua", 1, options.seconds, place=place)
        keep("balance_large" if count >= 1_000_000 else "balance_small", result | {"movements": count})


def receipt(options):
    """pgbench writes the same rows into twins of the tables that have no triggers: what the ledger's judgement costs shows."""
    with Service(options, options.data) as service:
        service.sql("""
            DROP SCHEMA IF EXISTS bare CASCADE;
            CREATE SCHEMA bare;
            CREATE TABLE bare.documents (LIKE stock_documents INCLUDING ALL);
            CREATE TABLE bare.movements (LIKE stock_movements INCLUDING ALL);
            CREATE TABLE bare.balances (LIKE stock_balances INCLUDING ALL);
            CREATE TABLE bare.days (LIKE stock_days INCLUDING ALL);
            INSERT INTO bare.balances SELECT * FROM stock_balances;
            GRANT USAGE ON SCHEMA bare TO siraj_service;
            GRANT ALL ON ALL TABLES IN SCHEMA bare TO siraj_service;""")
    lots = "".join(f"\\set l{line} (:first + {line} * 397) % {LOTS}\n" for line in range(5))
    place = PLACE_ID.format(n=":place")
    rows = lambda text: ", ".join(text.format(line=line + 1, lot=LOT_ID.format(n=f":l{line}")) for line in range(5))
    statement = (
        f"\\set place random(0, {PLACES - 1})\n\\set first random(0, {LOTS - 1})\n\\set a random(1, 9223372036854775806)\n\\set b random(1, 9223372036854775806)\n" + lots
        + "\\set day random(0, 300)\nBEGIN;\n"
        "INSERT INTO bare.documents (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, recorded_by) VALUES "
        f"(md5(:a::text || :b::text)::uuid, 'receipt', date '2025-01-01' + :day::int, '{DONOR}', false, {place}, true, '{SYSTEM}');\n"
        "INSERT INTO bare.movements (document_id, line, lot_id, quantity, occurred_on, from_id, from_holds, to_id, to_holds) VALUES "
        + rows(f"(md5(:a::text || :b::text)::uuid, {{line}}, {{lot}}, 10, date '2025-01-01' + :day::int, '{DONOR}', false, {place}, true)") + ";\n"
        f"INSERT INTO bare.balances (location_id, lot_id, quantity) SELECT {place}, lot, 10 FROM (VALUES " + rows("({lot})")
        + ") AS v (lot) ORDER BY 2 ON CONFLICT (location_id, lot_id) DO UPDATE SET quantity = balances.quantity + 10;\n"
        f"INSERT INTO bare.days (location_id, lot_id, day, closing) SELECT {place}, lot, date '2025-01-01' + :day::int, 10 FROM (VALUES " + rows("({lot})")
        + ") AS v (lot) ORDER BY 2 ON CONFLICT (location_id, lot_id, day) DO UPDATE SET closing = days.closing + 10;\nEND;\n")
    beside(options, "receipt", "receipt.lua", statement, places=PLACES, lots=LOTS)


def hammer(options):
    with Service(options, options.data) as service:
        result = wrk(service, "hammer.lua", 64, 30)
    words = [options.binary, "verify"]
    environment = os.environ | {"SIRAJ_DATA_DIR": str(options.data)}
    done = subprocess.run(words, env=environment, text=True, capture_output=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    keep("hammer", result | {"verified": done.stdout.strip().splitlines()[-1]})


def stipends(options):
    """People with posts under one contract, in twenty areas and two currencies; each step is one request, timed by the client."""
    ident = lambda kind: f"00000000-0000-7000-d{kind:03d}-000000000001"
    times = []
    with Service(options, options.data) as service:
        for _ in range(3):
            service.sql(f"""
                BEGIN;
                SET LOCAL session_replication_role = replica;
                DELETE FROM stipend_entries; DELETE FROM stipend_proofs; DELETE FROM stipend_payments;
                ALTER TABLE expenditures DISABLE TRIGGER USER;
                DELETE FROM expenditures WHERE stipend_run_id IS NOT NULL;
                ALTER TABLE expenditures ENABLE TRIGGER USER;
                DELETE FROM stipend_runs;
                DELETE FROM commitments WHERE budget_line_id = '{ident(3)}';
                DELETE FROM budget_lines WHERE id = '{ident(3)}';
                DELETE FROM stipend_scales WHERE contract_id = '{ident(2)}';
                DELETE FROM assignments WHERE contract_id = '{ident(2)}';
                DELETE FROM staff WHERE code LIKE 'PAID-%';
                DELETE FROM exchange_rates WHERE source = 'bench';
                DELETE FROM contracts WHERE id = '{ident(2)}';
                INSERT INTO contracts (id, code, name, organization_id, starts_on, ends_on, currency, signed_on, recorded_by)
                SELECT '{ident(2)}', 'BENCH-PAID', 'A contract', id, '2014-01-01', '2015-12-31', 'USD', '2014-01-01', '{SYSTEM}' FROM organizations ORDER BY code LIMIT 1;
                INSERT INTO budget_lines (id, contract_id, code, name, category, currency, amount, recorded_by)
                VALUES ('{ident(3)}', '{ident(2)}', 'STIPENDS', 'Stipends', 'stipends', 'USD', 900000000, '{SYSTEM}');
                INSERT INTO staff (id, code, cadre, area_id, recorded_by)
                SELECT ('00000000-0000-7000-d100-' || lpad(n::text, 12, '0'))::uuid, 'PAID-' || n,
                       (ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service'])[1 + n % 7],
                       (SELECT id FROM areas ORDER BY code LIMIT 1), '{SYSTEM}' FROM generate_series(1, {options.people}) n;
                INSERT INTO assignments (id, staff_id, facility_id, cadre, share_percent, starts_on, contract_id, recorded_by)
                SELECT gen_random_uuid(), s.id, f.id, s.cadre, 50 + (s.place % 2) * 50, '2014-06-01', '{ident(2)}', '{SYSTEM}'
                FROM (SELECT id, cadre, row_number() OVER (ORDER BY code) AS place FROM staff WHERE code LIKE 'PAID-%') s
                JOIN (SELECT id, row_number() OVER (ORDER BY code) - 1 AS place, count(*) OVER () AS places FROM facilities) f ON f.place = s.place % f.places;
                INSERT INTO stipend_scales (id, contract_id, cadre, currency, monthly_amount, starts_on, recorded_by)
                SELECT gen_random_uuid(), '{ident(2)}', cadre, CASE cadre WHEN 'service' THEN 'SYP' ELSE 'USD' END, CASE cadre WHEN 'service' THEN 40000 ELSE 333.33 END,
                       '2014-01-01', '{SYSTEM}' FROM unnest(ARRAY['doctor', 'nurse', 'midwife', 'pharmacist', 'technician', 'administrative', 'service']) cadre;
                INSERT INTO exchange_rates (id, base_currency, quote_currency, rate, rated_on, source, recorded_by)
                VALUES (gen_random_uuid(), 'USD', 'SYP', 251.5, '2015-03-30', 'bench', '{SYSTEM}');
                COMMIT;
                SELECT totals.recount(ARRAY(SELECT id FROM staff WHERE code LIKE 'PAID-%'));
                VACUUM ANALYZE staff, assignments, stipend_entries, audit_log;""")
            service.sign_in()
            timed = {}
            before = service.cpu()

            def step(name, path, body):
                began = time.monotonic()
                answer = service.ask("POST", path, body)
                timed[name] = round(time.monotonic() - began, 3)
                return answer

            run = step("draft", "/stipend-runs", {"contract_id": ident(2), "month": "2015-03-01", "budget_line_id": ident(3)})["id"]
            # The approval takes a second person; the demo has one manager.
            service.sql(f"UPDATE stipend_runs SET drafted_by = '{SYSTEM}' WHERE id = '{run}'")
            step("approve", f"/stipend-runs/{run}/approval", {})
            paid = step("pay", f"/stipend-runs/{run}/payments", {"paid_on": "2015-04-05", "method": "cash"})
            if paid["paid_amount"] != paid["expenditure_amount"]:
                sys.exit(f"paid {paid['paid_amount']}, spent {paid['expenditure_amount']}")
            spent = round(sum(service.cpu().values()) - sum(before.values()), 2)
            times.append(timed | {"together": round(sum(timed.values()), 3), "cpu_seconds": spent, "people": sum(one["entries"] for one in paid["totals"])})
    keep("stipends", sorted(times, key=lambda one: one["together"])[1])


def table(_options):
    results = json.loads((WORK / "results.json").read_text())
    lines = ["| work | siraj | pgbench | ratio | target | p50 / p99 ms | CPU µs per request: service, Postgres | Postgres under pgbench |",
             "|---|---|---|---|---|---|---|---|"]
    for name, words, target in (("point", "`GET /facilities/{id}`", "≥ 0.6"), ("list", "`GET /facilities?limit=50`", "≥ 0.35"),
                                ("create", "`POST /facilities`", "≥ 0.5"),
                                ("receipt", "`POST /stock-documents`, five lines", "≥ 0.5")):
        if name in results:
            ours, bare = results[name]["siraj"], results[name]["pgbench"]
            lines.append(f"| {words} | {ours['per_second']:,.0f}/s | {bare['per_second']:,.0f}/s | **{results[name]['ratio']:.2f}** | {target} | "
                         f"{ours['p50_ms']} / {ours['p99_ms']} | {ours['service_us']:.0f}, {ours['postgres_us']:.0f} | {bare['postgres_us']:.0f} |")
    lines += ["", "| figures at | cold p50 / p99 ms | warm | unchanged (304) | `/healthz` | warm ratio (≥ 0.7) | 304 ratio (≥ 0.8) |", "|---|---|---|---|---|---|---|"]
    for name in ("figures_small", "figures_large"):
        if name in results:
            one = results[name]
            lines.append(f"| {one['assignments']:,} assignments, {one['facilities']:,} facilities counted | {one['p50_ms']} / {one['p99_ms']} | {one['warm']:,.0f}/s | "
                         f"{one['unchanged']:,.0f}/s | {one['hello']:,.0f}/s | **{one['warm_ratio']}** | **{one['unchanged_ratio']}** |")
    if {"figures_small", "figures_large"} <= results.keys():
        ratio = results["figures_large"]["p50_ms"] / results["figures_small"]["p50_ms"]
        lines += ["", f"Cold, the large figures take **{ratio:.1f}** times the small ones (target ≤ 1.5)."]
    if "post" in results:
        one = results["post"]
        lines += ["", f"`POST /assignments`: {one['with']['per_second']:,.0f}/s with the totals, {one['without']['per_second']:,.0f}/s without: **{one['cost']}** times the cost (target ≤ 1.3)."]
    if "export" in results:
        one = results["export"]
        lines += ["", f"CSV of {one['rows']:,} assignments: {one['siraj']:,} rows/s, psql's copy {one['copy']:,} rows/s: **{one['ratio']}** (target ≥ 0.7); "
                  f"the service grew by {one['memory_growth_mib']} MiB (target ≤ 30)."]
    if "moments_large" in results:
        one = results["moments_large"]
        lines += ["", f"At {one['assignments']:,} assignments: the figures as they were known earlier {one['known_ms']} ms (target ≤ 1,000), a series of 120 months {one['series_ms']} ms."]
    if "gap" in results:
        one = results["gap"]
        lines += ["", "| gaps of a month, one connection | p50 / p99 ms | target |", "|---|---|---|",
                  f"| {one['assignments']:,} paid assignments, {one['contracts']:,} contracts, {one['posts']:,} posts lose their line | "
                  f"{one['p50_ms']} / {one['p99_ms']} | p50 ≤ 200 |"]
    if {"balance_small", "balance_large"} <= results.keys():
        lines += ["", "| balance of a place on a past day, one connection | p50 / p99 ms |", "|---|---|"]
        lines += [f"| {one['movements']:,} movements | {one['p50_ms']} / {one['p99_ms']} |" for one in (results["balance_small"], results["balance_large"])]
    if "stipends" in results:
        one = results["stipends"]
        lines += ["", f"A run of {one['people']:,} people: drafted in {one['draft']} s, approved in {one['approve']} s, paid in {one['pay']} s, "
                  f"together **{one['together']} s** (target ≤ 3 s), {one['cpu_seconds']} s of processor time."]
    if "start" in results:
        one = results["start"]
        lines += ["", "| | last | target |", "|---|---|---|",
                  f"| start to first answer, existing folder | {one['existing_seconds']} s | ≤ 0.5 s |",
                  f"| start to first answer, empty folder | {one['empty_seconds']} s | ≤ 5 s |",
                  f"| start to first answer, empty folder, demo | {one['demo_seconds']} s | ≤ 10 s |",
                  f"| idle memory of the service (RSS) | {one['idle_memory_mib']['rss']} MiB | ≤ 32 MiB |",
                  f"| the shipped binary | {one['binary_mb']} MB | ≤ 40 MB |"]
    text = "\n".join(lines) + "\n"
    (WORK / "table.md").write_text(text)
    print(text)


STEPS = {"start": start, "demo": demo, "facilities": facilities, "assignments": assignments, "figures": figures, "post": post, "export": export, "moments": moments, "gap": gap, "point": point,
         "list": page, "create": create, "movements": movements, "balance": balance, "receipt": receipt, "hammer": hammer, "stipends": stipends, "table": table}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="+", choices=[*STEPS, "all"], metavar="step")
    parser.add_argument("--binary", default=str(ROOT / "target" / "dist" / "siraj"))
    parser.add_argument("--data", type=Path, default=WORK / "data")
    parser.add_argument("--facilities", type=int, default=10_000)
    parser.add_argument("--assignments", type=int, default=1_000_000)
    parser.add_argument("--movements", type=int, default=10_000_000)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    everything = ["start", "demo", "figures", "facilities", "point", "list", "create", "assignments", "figures", "post", "export", "moments", "gap", "table"]
    for step in everything if "all" in options.steps else options.steps:
        print(f"== {step}", flush=True)
        STEPS[step](options)
    if "all" in options.steps:
        # The same question of few movements and of many.
        many = options.movements
        for number, steps in ((100_000, (movements, balance, receipt, hammer)), (many, (movements, balance, table))):
            options.movements = number
            for step in steps:
                print(f"== {step.__name__}, {number} movements", flush=True)
                step(options)


main()
