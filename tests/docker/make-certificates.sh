#!/bin/bash
# For docker-compose.yml: a certificate authority, the target's certificate, and who may connect. The
# private keys stay in a volume of the target's; only the authority's certificate is for others.
set -e
[ -f /authority/ca.crt ] && exit 0
cd /server-tls
ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${ec[@]}" -days 30 -subj "/CN=lakemover compose authority" -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.crt
openssl req "${ec[@]}" -subj /CN=target -keyout server.key -out server.csr
printf 'subjectAltName=DNS:target\nextendedKeyUsage=serverAuth\n' > server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.crt
printf 'local all all trust\nhostssl all all all scram-sha-256\n' > pg_hba.conf
chown postgres: server.key server.crt pg_hba.conf
chmod 600 server.key ca.key
cp ca.crt /authority/ca.crt
