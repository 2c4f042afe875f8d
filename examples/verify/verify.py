#!/usr/bin/env python3
"""Checks a sealed evidence bundle with the standard library and openssl alone.

    verify.py BUNDLE [PUBLIC-KEY.pem]

Written from the description in docs/guides/evidence.md; it shares no code with the program that makes bundles. Without a key
the signature is checked against the key in the bundle, which says nothing about who made it.
"""
import base64, hashlib, json, os, re, subprocess, sys, tempfile

root, key_file = sys.argv[1], (sys.argv[2:] or [None])[0]
PATH = re.compile(r"(?!\.)[\w.-]+(/(?!\.)[\w.-]+){0,2}", re.ASCII)
INTEGER, OCTETS, OBJECT, SEQUENCE, SET, FIRST = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
SHA256, SIGNED_DATA, STAMPED = map(bytes.fromhex, ("608648016503040201", "2a864886f70d010702", "2a864886f70d0109100104"))
IN_TOTO, STATEMENT = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1"
PREDICATE = "https://github.com/palisade-dev/palisade/evidence/v1"
last_read = "manifest.json"


def need(holds, name, fact):
    if not holds:
        sys.exit(f"{ascii(name)[1:-1]}: {fact}")


def not_as_ours(kind, error, _trace):
    print(f"{last_read}: is written in another way than bundles are ({kind.__name__}: {ascii(str(error))})", file=sys.stderr)


sys.excepthook = not_as_ours


def is_path(name):
    return len(name) <= 99 and PATH.fullmatch(name) is not None


def tree(folder=""):
    """Every file below a folder, or the folder itself when it is empty: no list has one. A link leads out of the bundle."""
    found = []
    with os.scandir(os.path.join(root, folder)) as entries:
        for entry in entries:
            name = folder + entry.name
            need(is_path(name), name, "is no path inside a bundle")
            if entry.is_dir(follow_symlinks=False):
                found += tree(name + "/")
            else:
                need(entry.is_file(follow_symlinks=False), name, "is neither a plain file nor a folder")
                found.append(name)
    return found or [folder]


def read(name):
    global last_read
    last_read = name
    need(name in there, name, "is missing")
    with open(os.path.join(root, name), "rb") as file:
        return file.read()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def unbase64(text, name):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, name, "has another base64 form")
    return data


def signed(data, signature, name):
    with tempfile.TemporaryDirectory() as work:
        for file, content in (("k", signer), ("d", data), ("s", signature)):
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
        need(last > 0, last_read, "has a proof that is too long")
        if index & 1 or index == last:
            first, second = node(sibling, first), node(sibling, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node(second, sibling)
        index, last = index >> 1, last >> 1
    need(last == 0, last_read, "has a proof that is too short")
    return first, second


def checkpoint(name):
    text = read(name).decode()
    body, _, signature = text.partition("\n\n")
    origin, size, head = body.split("\n")
    start = f"\u2014 {origin} "
    need(signature.startswith(start) and signature.endswith("\n"), name, "has no signature")
    raw = unbase64(signature[len(start):-1], name)
    key_id = der if DIGEST else origin.encode() + b"\n\x01" + der[-32:]
    need(raw[:4] == hashlib.sha256(key_id).digest()[:4], name, "has another key id")
    signed((body + "\n").encode(), raw[4:], name)
    return text, origin, int(size), unbase64(head, name)


def lines(text, name):
    return [unbase64(line, name) for line in text.split("\n")[:-1]]


def elements(data, *tags):
    """What is in the elements of DER at the start of some bytes, whose tags these are, and the bytes after them."""
    found = []
    for tag in tags:
        need(len(data) > 1 and data[0] == tag and 128 != data[1] < 132, last_read, "is no token that an authority granted")
        head = 2 + (data[1] & 127 if data[1] > 127 else 0)
        end = head + (int.from_bytes(data[2:head], "big") if head > 2 else data[1])
        need(end <= len(data), last_read, "is no whole answer")
        found.append(data[head:end])
        data = data[end:]
    return *found, data


def timestamp(name):
    """RFC 3161: granted, and over this manifest. Who signed it is for `openssl ts -verify`, which needs a certificate."""
    answer, after = elements(read(name), SEQUENCE)
    need(not after, name, "is no whole answer")
    # Words of the authority stand beside the token, where nobody signs them: only the token says what was stamped.
    status, token, _ = elements(answer, SEQUENCE, SEQUENCE)
    kind, content, _ = elements(token, OBJECT, FIRST)
    _, _, content, _ = elements(elements(content, SEQUENCE)[0], INTEGER, SET, SEQUENCE)
    what, content, _ = elements(content, OBJECT, FIRST)
    _, _, imprint, _ = elements(elements(elements(content, OCTETS)[0], SEQUENCE)[0], INTEGER, OBJECT, SEQUENCE)
    algorithm, digest, _ = elements(imprint, SEQUENCE, OCTETS)
    known = (kind, what, elements(algorithm, OBJECT)[0]) == (SIGNED_DATA, STAMPED, SHA256)
    known = known and elements(status, INTEGER)[0] in (b"\0", b"\1")
    form = subprocess.run(["openssl", "ts", "-reply", "-in", os.path.join(root, name), "-text"], capture_output=True)
    need(known and form.returncode == 0, name, "is no token that an authority granted")
    need(digest.hex() == sha(manifest_bytes), name, "is the token of another manifest")


need(os.path.isdir(root), root, "is no folder: unpack a tar file first")
need(not key_file or os.path.isfile(key_file), key_file or "", "is no file")
there = set(tree())
manifest_bytes = read("manifest.json")
manifest = json.loads(manifest_bytes)
need((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode() == manifest_bytes, "manifest.json", "has another form")
need(manifest["schema"] == "palisade.bundle/v1", "manifest.json", "has another schema")
need(manifest["log"] is not None, "manifest.json", "has no place in a log: the bundle is not sealed")
origin, number, previous = (manifest["log"][name] for name in ("origin", "number", "previous"))
need(number >= 1 and (number == 1) == (previous is None), "manifest.json", "does not name the bundle before")
listed = {entry["path"]: (entry["bytes"], entry["sha256"]) for entry in manifest["files"]}
paths = [entry["path"] for entry in manifest["files"]]
need(all(map(is_path, paths)), "manifest.json", "lists what is no path inside a bundle")
need(paths == sorted(listed), "manifest.json", "lists files twice or in no order")
counted = [manifest[name] for name in ("calls", "answers", "verdicts", "gaps")]

signer = read("signer.pem")
der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=signer, capture_output=True).stdout
ALGORITHM = {44: "ed25519", 91: "ecdsa-p256-sha256"}.get(len(der))
need(ALGORITHM, "signer.pem", "is no key of Ed25519 or P-256")
DIGEST = [] if ALGORITHM == "ed25519" else ["-digest", "sha256"]
if key_file:
    with open(key_file, "rb") as file:
        need(file.read().strip() == signer.strip(), "signer.pem", "is not the key that you gave")

for path, (length, digest) in listed.items():
    need(path in there and os.path.getsize(os.path.join(root, path)) == length, path, "is missing or has another length")
    need(sha(read(path)) == digest, path, "is not what the manifest lists")
rows = [line.split("  ") for line in read("raw/SHA256SUMS").decode().split("\n")[:-1]]
sums = {path: digest for digest, path in rows}
need([path for _, path in rows] == sorted(sums), "raw/SHA256SUMS", "lists answers twice or in no order")
closed, answers = ".enc" if "encryption" in manifest else "", set()
for path, digest in sums.items():
    need(sha(read(path)) == digest, path, "is not what raw/SHA256SUMS lists")
    name = path.rsplit("/", 1)[1].split(".")[0] if closed else digest  # what is in a closed answer is not checked here
    need(path == f"raw/{name[:2]}/{name}.json{closed}", path, "is not the answer of its name")
    answers.add(name)
seal = {"manifest.json", "manifest.dsse.json", "checkpoint.txt", "manifest.tlog-proof"}
seal |= {"previous-checkpoint.txt", "consistency.txt"} if number > 1 else set()
for path in sorted(there - seal - {"manifest.tsr"} - listed.keys() - sums.keys()):
    need(False, path, "is on no list")
calls = [json.loads(line) for line in read("calls.ndjson").splitlines()]
need([call["call"] for call in calls] == list(range(1, len(calls) + 1)), "calls.ndjson", "has no whole numbers")
need({call["sha256"] for call in calls if "sha256" in call} == answers, "calls.ndjson", "names other answers")
verdicts, gaps = read("results/verdicts.ndjson").count(b"\n"), len(json.loads(read("results/coverage.json"))["gaps"])
need([len(calls), len(answers), verdicts, gaps] == counted, "manifest.json", "counts other calls, answers, verdicts or gaps")
if "manifest.tsr" in there:
    timestamp("manifest.tsr")

envelope_bytes = read("manifest.dsse.json")
envelope = json.loads(envelope_bytes)
[signature] = envelope["signatures"]
keyid, sig, sent = signature["keyid"], signature["sig"], envelope["payload"]
written = {"payloadType": IN_TOTO, "payload": sent, "signatures": [{"keyid": keyid, "sig": sig}]}
need((json.dumps(written, indent=2) + "\n").encode() == envelope_bytes, "manifest.dsse.json", "has another form")
need(keyid == sha(der), "manifest.dsse.json", "names another key")
payload, sig = (unbase64(text, "manifest.dsse.json") for text in (sent, sig))
signed(b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload), sig, "manifest.dsse.json")
said, digest = json.loads(payload), sha(manifest_bytes)
need(said["subject"][0]["digest"]["sha256"] == digest, "manifest.json", "is not what was signed")
need(said["predicate"].get("algorithm", "ed25519") == ALGORITHM, "manifest.dsse.json", "names another algorithm")
predicate = {"run": manifest["run"], "asOf": manifest["as_of"], "complete": manifest["complete"]}
predicate |= {"log": origin, "number": number, "previous": previous}
# Statements of older versions name no algorithm: all are signed with Ed25519.
predicate |= {"algorithm": ALGORITHM} if "algorithm" in said["predicate"] else {}
subject = [{"name": "manifest.json", "digest": {"sha256": digest}}]
statement = {"_type": STATEMENT, "subject": subject, "predicateType": PREDICATE, "predicate": predicate}
whole = json.dumps(statement, separators=(",", ":"), ensure_ascii=False).encode()
need(payload == whole, "manifest.dsse.json", "does not speak of this manifest")

text, log, size, tree_head = checkpoint("checkpoint.txt")
need((log, size) == (origin, number), "checkpoint.txt", "is of another moment")
head = f"c2sp.org/tlog-proof@v1\nindex {size - 1}\n"
proof = read("manifest.tlog-proof").decode()
need(proof.startswith(head) and proof.endswith("\n" + text), "manifest.tlog-proof", "is not of this bundle")
leaf = hashlib.sha256(b"\x00" + manifest_bytes).digest()
hashes = lines(proof[len(head):-len(text) - 1], "manifest.tlog-proof")
need(fold(hashes, size - 1, size, leaf, leaf)[1] == tree_head, "manifest.tlog-proof", "does not lead to the checkpoint")
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
    need((first, second) == (old, tree_head), "consistency.txt", "the log was not only grown")
trusted = "by the key that you gave" if key_file else "by the key in the bundle: compare its fingerprint with a published one"
print(f"{root}: holds\nnumber {size} of {origin}, signed {trusted}\nfingerprint {sha(der)}\n{len(calls)} calls, {len(sums)} answers")
