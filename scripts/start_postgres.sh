#!/usr/bin/env bash
# Starts the machine's own PostgreSQL (Debian's) and makes a role and a database for the tests; prints their URL.
set -euo pipefail

version=$(pg_lsclusters --no-header | awk '$2 == "main" { print $1; exit }')
pg_ctlcluster --skip-systemctl-redirect "$version" main start >&2 || true # it may run already
port=$(pg_lsclusters --no-header | awk '$2 == "main" { print $3; exit }')
for _ in $(seq 50); do
    pg_isready --quiet --port "$port" && break
    sleep 0.2
done
run() { su postgres -c "psql --quiet --port $port --tuples-only --no-align --command \"$1\""; }
if [ -z "$(run "select 1 from pg_roles where rolname = 'grader'")" ]; then
    run "create role grader login password 'grader' createdb" >&2
fi
if [ -z "$(run "select 1 from pg_database where datname = 'grader_tests'")" ]; then
    run "create database grader_tests owner grader" >&2
fi
echo "postgresql://grader:grader@127.0.0.1:$port/grader_tests"
