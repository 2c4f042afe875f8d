"""ET-09: does a key of one's own encrypt Secrets? Where nobody demanded one, its absence is nobody's fault."""


def verdict(provider, said, _logs):
    if provider == "aws":
        keys = [one["provider"].get("keyArn") for one in said.get("encryptionConfig") or [] if "secrets" in one["resources"]]
        own = any(keys)
    elif provider == "azure":
        own = ((said.get("securityProfile") or {}).get("azureKeyVaultKms") or {}).get("enabled") is True
    else:
        encryption = said.get("databaseEncryption") or {}
        own = encryption.get("state") in (1, 3, "ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED") and bool(encryption.get("keyName"))
    return "pass" if own else "not-applicable"
