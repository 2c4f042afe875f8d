#!/usr/bin/env python3
"""Checks a sealed evidence bundle with the standard library and openssl alone.

    verify.py BUNDLE [PUBLIC-KEY.pem]

Written from the description in docs/guides/evidence.md; it shares no code with the program that makes bundles. Without a key
the signature is checked against the key in the bundle, which says nothing about who made it.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

SEAL = {"manifest.json", "manifest.dsse.json", "checkpoint.txt", "manifest.tlog-proof", "previous-checkpoint.txt", "consistency.txt", "manifest.tsr"}
root, key_file = sys.argv[1], (sys.argv[2:] or [None])[0]


def need(holds, name, fact):
    if not holds:
        sys.exit(f"{name}: {fact}")


def read(name):
    path = os.path.join(root, name)
    need(os.path.isfile(path) and not os.path.islink(path), name, "is no plain file")
    with open(path, "rb") as file:
        return file.read()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def unbase64(text, name):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, name, "has another base64 form")
    return data


def signed(data, signature, name):
    with tempfile.TemporaryDirectory() as work:
        for file, content in (("k", read("signer.pem")), ("d", data), ("s", signature)):
            with open(os.path.join(work, file), "wb") as out:
                out.write(content)
        check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k", "-rawin", *DIGEST, "-in", "d", "-sigfile", "s"]
        need(subprocess.run(check, cwd=work, capture_output=True).returncode == 0, name, "is not signed by signer.pem")


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(proof, index, size, first, second):
    """RFC 9162, 2.1.3.2 and 2.1.4.2: the roots of the part before and of the whole."""
    last = size - 1
    for sibling in proof:
        need(last > 0, "proof", "is too long")
        if index & 1 or index == last:
            first, second = node(sibling, first), node(sibling, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node(second, sibling)
        index, last = index >> 1, last >> 1
    need(last == 0, "proof", "is too short")
    return first, second


def checkpoint(name):
    text = read(name).decode()
    body, _, signature = text.partition("\n\n")
    origin, size, tree = body.split("\n")
    start = f"\u2014 {origin} "
    need(signature.startswith(start) and signature.endswith("\n"), name, "has no signature")
    raw = unbase64(signature[len(start):-1], name)
    key_id = der if DIGEST else origin.encode() + b"\n\x01" + der[-32:]
    need(raw[:4] == hashlib.sha256(key_id).digest()[:4], name, "has another key id")
    signed((body + "\n").encode(), raw[4:], name)
    return text, origin, int(size), unbase64(tree, name)


def lines(text, name):
    return [unbase64(line, name) for line in text.split("\n")[:-1]]


der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=read("signer.pem"), capture_output=True).stdout
ALGORITHM = {44: "ed25519", 91: "ecdsa-p256-sha256"}.get(len(der))
need(ALGORITHM, "signer.pem", "is no key of Ed25519 or P-256")
DIGEST = [] if ALGORITHM == "ed25519" else ["-digest", "sha256"]
manifest_bytes = read("manifest.json")
manifest = json.loads(manifest_bytes)
need((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode() == manifest_bytes, "manifest.json", "has another form")
listed = {entry["path"]: entry for entry in manifest["files"]}
for path, entry in listed.items():
    data = read(path)
    need((len(data), sha(data)) == (entry["bytes"], entry["sha256"]), path, "is not what the manifest lists")
sums = dict(reversed(line.split("  ")) for line in read("raw/SHA256SUMS").decode().splitlines())
closed, answers = ".enc" if "encryption" in manifest else "", set()
for path, digest in sums.items():
    need(sha(read(path)) == digest, path, "is not what raw/SHA256SUMS lists")
    name = path.rsplit("/", 1)[1].split(".")[0] if closed else digest  # what is in a closed answer is not checked here
    need(path == f"raw/{name[:2]}/{name}.json{closed}", path, "is not the answer of its name")
    answers.add(name)
there = {os.path.relpath(os.path.join(folder, file), root) for folder, _, files in os.walk(root) for file in files}
need(there - SEAL <= listed.keys() | sums.keys(), (there - SEAL - listed.keys() - sums.keys() or {"-"}).pop(), "is on no list")
calls = [json.loads(line) for line in read("calls.ndjson").splitlines()]
need([call["call"] for call in calls] == list(range(1, manifest["calls"] + 1)), "calls.ndjson", "has no whole numbers")
need({call["sha256"] for call in calls if "sha256" in call} == answers, "calls.ndjson", "names other answers")

envelope_bytes = read("manifest.dsse.json")
envelope = json.loads(envelope_bytes)
need((json.dumps(envelope, indent=2) + "\n").encode() == envelope_bytes, "manifest.dsse.json", "has another form")
payload = unbase64(envelope["payload"], "manifest.dsse.json")
kind = envelope["payloadType"].encode()
[signature] = envelope["signatures"]
need(signature["keyid"] == sha(der), "manifest.dsse.json", "names another key")
signed(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload), unbase64(signature["sig"], "manifest.dsse.json"), "manifest.dsse.json")
statement = json.loads(payload)
need(statement["subject"][0]["digest"]["sha256"] == sha(manifest_bytes), "manifest.json", "is not what was signed")
need(statement["predicate"].get("algorithm", "ed25519") == ALGORITHM, "manifest.dsse.json", "names another algorithm")
if key_file:
    with open(key_file, "rb") as file:
        need(file.read().strip() == read("signer.pem").strip(), "signer.pem", "is not the key that you gave")

text, origin, size, tree = checkpoint("checkpoint.txt")
log = manifest["log"]
need((origin, size) == (log["origin"], log["number"]), "checkpoint.txt", "is of another moment")
head = f"c2sp.org/tlog-proof@v1\nindex {size - 1}\n"
proof = read("manifest.tlog-proof").decode()
need(proof.startswith(head) and proof.endswith("\n" + text), "manifest.tlog-proof", "is not of this bundle")
leaf = hashlib.sha256(b"\x00" + manifest_bytes).digest()
hashes = lines(proof[len(head):-len(text) - 1], "manifest.tlog-proof")
need(fold(hashes, size - 1, size, leaf, leaf)[1] == tree, "manifest.tlog-proof", "does not lead to the checkpoint")
if size > 1:
    _, before, count, old = checkpoint("previous-checkpoint.txt")
    need((before, count) == (origin, size - 1), "previous-checkpoint.txt", "is not the one before")
    head = f"{count} {size}\n"
    proof = read("consistency.txt").decode()
    need(proof.startswith(head), "consistency.txt", "is not of these checkpoints")
    hashes = lines(proof[len(head):], "consistency.txt")
    if count & (count - 1) == 0:
        hashes.insert(0, old)
    index, last = count - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first, second = fold(hashes[1:], index, last + 1, hashes[0], hashes[0])
    need((first, second) == (old, tree), "consistency.txt", "the log was not only grown")
    need(log["previous"] is not None, "manifest.json", "does not name the bundle before")
trusted = "by the key that you gave" if key_file else "by the key in the bundle: compare its fingerprint with a published one"
print(f"{root}: holds\nnumber {size} of {origin}, signed {trusted}\nfingerprint {sha(der)}\n{len(calls)} calls, {len(sums)} answers")
