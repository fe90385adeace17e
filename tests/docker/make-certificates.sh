#!/bin/bash
# For docker-compose.yml: a certificate authority, the certificates of the target and of SQL Server, and who may connect to the
# target. The private keys stay in volumes of their servers; only the authority's certificate is for others.
set -e
[ -f /authority/ca.crt ] && exit 0
cd /server-tls
ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${ec[@]}" -days 30 -subj "/CN=lakemover compose authority" -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.crt
certificate() { # NAME KEY...: NAME.crt and NAME.key
    local name=$1
    shift
    openssl req "$@" -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' "$name" > "$name.ext"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$name.ext" -out "$name.crt"
}
certificate target "${ec[@]}"
certificate sqlserver -newkey rsa:2048
mv target.key server.key
mv target.crt server.crt
mv sqlserver.key sqlserver.crt /sqlserver-tls/
printf 'local all all trust\nhostssl all all all scram-sha-256\n' > pg_hba.conf
chown postgres: server.key server.crt pg_hba.conf
chmod 600 server.key ca.key
# The user that SQL Server runs as in its image.
chown 10001:0 /sqlserver-tls/sqlserver.key /sqlserver-tls/sqlserver.crt
chmod 400 /sqlserver-tls/sqlserver.key
cp ca.crt /authority/ca.crt
