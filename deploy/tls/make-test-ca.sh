#!/usr/bin/env bash
# Makes a certificate authority for trying a cluster out, and one certificate per host, all signed by it.
#
#   make-test-ca.sh DIRECTORY HOST [HOST...]
#
# HOST is a host name or an address; several names of one host are joined by commas, the first one names the files.
# Writes ca.pem, ca.key, and HOST.pem and HOST.key for each host. An existing authority is used again.
# Then, on each host: --tls-cert HOST.pem --tls-key HOST.key --tls-ca ca.pem. Keep ca.key away from the hosts.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

directory=$1
shift
days=365
umask 077
mkdir -p "$directory"

ca="$directory/ca.pem"
if [ ! -f "$ca" ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out "$directory/ca.key"
    openssl req -x509 -new -key "$directory/ca.key" -sha256 -days "$days" -out "$ca" \
        -subj "/CN=NnCluster test authority" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
fi

for host in "$@"; do
    name=${host%%,*}
    file=${name//:/_}
    names=""
    IFS=',' read -ra all <<<"$host"
    for one in "${all[@]}"; do
        if [[ $one =~ ^[0-9.]+$ || $one == *:* ]]; then kind=IP; else kind=DNS; fi
        names+="${names:+,}$kind:$one"
    done

    extensions=$(mktemp)
    trap 'rm -f "$extensions"' EXIT
    cat >"$extensions" <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=$names
END
    openssl ecparam -name prime256v1 -genkey -noout -out "$directory/$file.key"
    openssl req -new -key "$directory/$file.key" -subj "/CN=$name" |
        openssl x509 -req -CA "$ca" -CAkey "$directory/ca.key" -CAcreateserial -sha256 -days "$days" \
            -extfile "$extensions" -out "$directory/$file.pem" 2>/dev/null
    rm -f "$extensions"
    echo "$directory/$file.pem: $names"
done
