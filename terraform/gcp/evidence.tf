# Evidence: put once, never replaced, and removed by nobody before its time.

resource "google_kms_key_ring" "palisade" {
  project    = var.project
  name       = var.name
  location   = var.region
  depends_on = [google_project_service.needed]
}

resource "google_kms_crypto_key" "evidence" {
  name            = "evidence"
  key_ring        = google_kms_key_ring.palisade.id
  rotation_period = "7776000s"
  labels          = local.labels

  lifecycle {
    prevent_destroy = true
  }
}

data "google_storage_project_service_account" "here" {
  project = var.project
}

resource "google_kms_crypto_key_iam_member" "evidence" {
  crypto_key_id = google_kms_crypto_key.evidence.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${data.google_storage_project_service_account.here.email_address}"
}

resource "google_storage_bucket" "evidence" {
  # checkov:skip=CKV_GCP_78: an object under the retention policy cannot be replaced or removed: there are no older versions to keep
  # checkov:skip=CKV_GCP_62: who read and wrote what is recorded by Cloud Audit Logs' data access, which an organisation turns on in one place; usage logs would be a second, weaker record
  project                     = var.project
  name                        = var.evidence_bucket
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = local.labels

  retention_policy {
    retention_period = var.evidence_retention_days * 24 * 60 * 60
    is_locked        = var.evidence_retention_locked
  }

  encryption {
    default_kms_key_name = google_kms_crypto_key.evidence.id
  }

  # When its time has ended.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = var.evidence_retention_days + 1
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_member.evidence]
}

# Puts what is not there yet, reads and lists, and reads for bundles how the bucket keeps it (storage.buckets.get); no right to
# replace or remove.
resource "google_storage_bucket_iam_member" "evidence" {
  for_each = toset(["roles/storage.objectCreator", "roles/storage.objectViewer", "roles/storage.legacyBucketReader"])
  bucket   = google_storage_bucket.evidence.name
  role     = each.value
  member   = google_service_account.scanner.member
}
