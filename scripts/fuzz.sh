#!/usr/bin/env bash
# Throws random requests at the demo, as a manager, and fails if an answer breaks the document's promise.
#
#   scripts/fuzz.sh [seconds] [role]        300 seconds as manager when nothing is said
#
# Needs schemathesis 4 (pip install schemathesis). What it accepts, and why: tests/schemathesis.toml
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-300}
role=${2:-manager}
address=127.0.0.1:8155
password=$(head -c 18 /dev/urandom | base64 | tr -d '+/=')

cargo build --locked
folder=$(mktemp -d)
chmod 755 "$folder"
SIRAJ_DATA_DIR=$folder SIRAJ_LISTEN=$address SIRAJ_LOG=error SIRAJ_DEMO_PASSWORD=$password target/debug/siraj serve --demo >"$folder/log" 2>&1 &
service=$!
trap 'kill -TERM $service; wait $service || true; rm -rf "$folder"' EXIT
until curl -sf "http://$address/readyz" >/dev/null; do
    kill -0 $service
    sleep 0.2
done

token=$(curl -s "http://$address/api/v1/auth/login" -H 'content-type: application/json' \
    -d "{\"email\": \"$role@demo.siraj.example\", \"password\": \"$password\"}" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
# Signing out or changing the password would end the run's own session.
schemathesis --config-file tests/schemathesis.toml run "http://$address/openapi.json" -H "Authorization: Bearer $token" \
    --checks all --mode all --max-examples 50 --max-time "$seconds" --continue-on-failure --generation-allow-x00 true \
    --exclude-path /api/v1/auth/login --exclude-path /api/v1/auth/logout --exclude-path /api/v1/me/password
