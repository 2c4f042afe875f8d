"""ET-09: does a key of one's own encrypt Secrets? Where nobody demanded one, its absence is nobody's fault; a key that is
configured and not in force yet, or no more, or not without an error, is neither."""


def verdict(provider, said, _logs):
    if provider == "aws":
        keys = [one["provider"].get("keyArn") for one in said.get("encryptionConfig") or [] if "secrets" in one["resources"]]
        own = any(keys)
    elif provider == "azure":
        own = ((said.get("securityProfile") or {}).get("azureKeyVaultKms") or {}).get("enabled") is True
    else:
        encryption = said.get("databaseEncryption") or {}
        # `state` is what was asked for, `currentState` what is; older clusters have the first alone.
        now = encryption.get("currentState")
        done = now or encryption.get("state")
        wanted = ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED")
        numbers = (7, 8) if now else (1, 3)
        if encryption.get("keyName") and (now in (3, 4, 5, 6, 9, 10) or str(now).endswith(("_PENDING", "_ERROR"))):
            return "unknown"
        own = bool(encryption.get("keyName")) and (done in numbers or str(done).removeprefix("CURRENT_STATE_") in wanted)
    return "pass" if own else "not-applicable"
