"""ET-09: does a key of one's own encrypt Secrets? Where nobody demanded one, its absence is nobody's fault."""


def verdict(provider, said, _logs):
    if provider == "aws":
        keys = [one["provider"].get("keyArn") for one in said.get("encryptionConfig") or [] if "secrets" in one["resources"]]
        own = any(keys)
    elif provider == "azure":
        own = ((said.get("securityProfile") or {}).get("azureKeyVaultKms") or {}).get("enabled") is True
    else:
        encryption = said.get("databaseEncryption") or {}
        # `state` is what was asked for, `currentState` what is; older clusters have the first alone.
        done = encryption.get("currentState") or encryption.get("state")
        wanted = ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED")
        numbers = (7, 8) if encryption.get("currentState") else (1, 3)
        own = bool(encryption.get("keyName")) and (done in numbers or str(done).removeprefix("CURRENT_STATE_") in wanted)
    return "pass" if own else "not-applicable"
