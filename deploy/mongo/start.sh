#!/bin/bash
# Starts the official image as a replica set of one node, with key and password from files only it mounts.
set -euo pipefail
umask 077
for name in keyfile admin_password; do
  install -o mongodb -m 400 "/run/secrets-mongo/$name" "/tmp/$name"
done
export MONGO_INITDB_ROOT_USERNAME=admin MONGO_INITDB_ROOT_PASSWORD_FILE=/tmp/admin_password
# A killed process's transaction holds what it wrote until then; the services' last two seconds at the most.
# Compressed messages are refused (CVE-2025-14847 was in zlib's), and nothing of ours runs JavaScript in the server.
exec docker-entrypoint.sh mongod --replSet imigr --keyFile /tmp/keyfile --wiredTigerCacheSizeGB "${IMIGR_MONGO_CACHE_GB:-0.5}" \
  --networkMessageCompressors disabled --noscripting --setParameter transactionLifetimeLimitSeconds=5
