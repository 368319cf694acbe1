#!/bin/bash
# Starts the official image with the administrator's password from a file only this container mounts.
set -euo pipefail
mkdir -p /etc/rabbitmq/conf.d
cp /etc/imigr/rabbitmq.conf /etc/rabbitmq/conf.d/10-imigr.conf
cp /etc/imigr/enabled_plugins /etc/rabbitmq/enabled_plugins
install -m 600 /dev/null /etc/rabbitmq/conf.d/20-admin.conf
printf 'default_pass = %s\n' "$(cat /run/secrets-broker/admin_password)" > /etc/rabbitmq/conf.d/20-admin.conf
chown rabbitmq /etc/rabbitmq/conf.d/*.conf /etc/rabbitmq/enabled_plugins
# Schedulers without work sleep at once: the machine is shared with everything else.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="${RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:-+sbwt none +sbwtdcpu none +sbwtdio none}"
exec docker-entrypoint.sh rabbitmq-server
