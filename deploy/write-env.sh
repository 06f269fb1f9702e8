#!/bin/sh
# Writes .env for docker-compose.yml, with new secrets. Never replaces one: its keys decrypt what is stored.
set -eu
umask 077
cd "$(dirname "$0")/.."

password() { od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

draft=".env.$$"
trap 'rm -f "$draft"' EXIT
# Only by commands of the shell: others show their arguments to every user of the machine.
while IFS= read -r line; do
  case "$line" in
    POSTGRES_PASSWORD= | POSTGRES_SERVICE_PASSWORD=) printf '%s%s\n' "$line" "$(password)" ;;
    GATEHOUSE_MASTER_KEY= | GATEHOUSE_IDENTITY_KEY= | GATEHOUSE_PROOF_KEY=) printf '%s%s\n' "$line" "$(key)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < deploy/compose.env.example > "$draft"
# Only the names of variables without a value: a key ends with "=" too.
missing=$(sed -n 's/^\([A-Z_]*\)=$/\1/p' "$draft")
if [ -n "$missing" ]; then
  echo "deploy/compose.env.example has variables that this script can't fill in: $missing" >&2
  exit 1
fi
if ! fault=$(ln "$draft" .env 2>&1); then
  if [ -e .env ] || [ -L .env ]; then
    echo ".env exists, and nothing was changed: its secrets belong to the data that is stored. To begin anew, delete it and the volumes" >&2
  else
    echo "can't create .env ($fault): use a directory that you may write to, on a file system with hard links" >&2
  fi
  exit 1
fi
echo "Wrote .env with new secrets. Keep a copy elsewhere: without GATEHOUSE_MASTER_KEY nobody can decrypt personal data."
