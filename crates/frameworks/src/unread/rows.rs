//! Made by `cargo xtask codegen` of the catalogue's rows that no control has.

use super::UnreadControl;

/// Every control of the catalogue that nothing judges yet, in its order. A test compares it with the catalogue and the controls.
#[rustfmt::skip]
pub const UNREAD: &[UnreadControl] = &[
    UnreadControl {
        id: "CP-09",
        title: "Anonymous requests reach health endpoints only",
        maps: "CIS-GKE-1.9.0:4.1.8,4.1.9; CIS-K8S-2.0.1:1.2.1; NSA-CISA-1.2:Authentication; NIST-800-53r5:AC-14,AC-3,IA-2; PCI-DSS-4.0.1:7.2.1,8.2.1; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.5",
    },
    UnreadControl {
        id: "CP-15",
        title: "Self-managed control-plane components run with the CIS flag set",
        maps: "CIS-K8S-2.0.1:1.2.2,1.2.4,1.2.5,1.2.9,1.2.10,1.2.12-1.2.15,1.2.20-1.2.22,1.2.24,1.2.25,1.2.29,1.2.30,1.3.1-1.3.7,1.4.1,1.4.2; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:CM-6,CM-7,SC-8; PCI-DSS-4.0.1:2.2.5,2.2.7; SOC2-TSC:CC6.1,CC7.1; ISO-27001-2022:A.8.9",
    },
    UnreadControl {
        id: "ND-08",
        title: "Kubelet authenticates, authorises and closes its read-only port",
        maps: "CIS-EKS-2.0.0:3.2.1-3.2.8; CIS-EKS-1.8.0:3.2.1-3.2.9; CIS-AKS-1.8.0:3.2.1-3.2.9; CIS-K8S-2.0.1:4.2.1-4.2.14; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:AC-3,IA-2,SC-8,CM-7; PCI-DSS-4.0.1:2.2.5,2.2.7; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.5,A.8.9; NIST-800-190:4.3.5",
    },
    UnreadControl {
        id: "ET-02",
        title: "etcd clients authenticate with certificates over TLS",
        maps: "CIS-K8S-2.0.1:2.1,2.2,2.3,1.2.23,1.2.26; NSA-CISA-1.2:Control plane hardening,Encryption; NIST-800-53r5:SC-8,SC-8(1),IA-3,AC-3; PCI-DSS-4.0.1:4.2.1,8.3.2; SOC2-TSC:CC6.1,CC6.7; ISO-27001-2022:A.8.5,A.8.24",
    },
    UnreadControl {
        id: "ET-03",
        title: "etcd peers use mutual TLS and an own CA",
        maps: "CIS-K8S-2.0.1:2.4,2.5,2.6,2.7; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-8(1),IA-3,SC-17; PCI-DSS-4.0.1:4.2.1; SOC2-TSC:CC6.7; ISO-27001-2022:A.8.24",
    },
    UnreadControl {
        id: "ET-05",
        title: "No pod offers a side door to etcd data or its keys",
        maps: "CIS-K8S-2.0.1:5.2.11,5.1.4; NSA-CISA-1.2:Pod security; NIST-800-53r5:AC-6,SC-39,SC-4; PCI-DSS-4.0.1:7.2.5; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.3",
    },
    UnreadControl {
        id: "ET-07",
        title: "etcd has quorum, headroom and a supported version",
        maps: "NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:CP-10,SC-5,SI-2; SOC2-TSC:A1.2; ISO-27001-2022:A.8.14,A.8.6",
    },
    UnreadControl {
        id: "NW-02",
        title: "Every user namespace starts from default-deny",
        maps: "CIS-EKS-2.0.0:4.3.2; CIS-EKS-1.8.0:4.3.2; CIS-AKS-1.8.0:4.4.2; CIS-GKE-1.9.0:4.3.2; CIS-K8S-2.0.1:5.3.2; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.3.1,1.3.2,1.4.1; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.22; NIST-800-190:4.3.3,4.4.2",
    },
    UnreadControl {
        id: "NW-06",
        title: "Public ingress uses TLS with current policy",
        maps: "CIS-EKS-2.0.0:5.4.4; CIS-EKS-1.8.0:5.4.5; CIS-AKS-1.8.0:5.4.5; CIS-GKE-1.9.0:5.6.7; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-8,SC-23; PCI-DSS-4.0.1:4.2.1; SOC2-TSC:CC6.7; ISO-27001-2022:A.8.24",
    },
    UnreadControl {
        id: "NW-07",
        title: "Everything reachable from outside is known and intended",
        maps: "CIS-GKE-1.9.0:5.10.1; CIS-K8S-2.0.1:1.2.3; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7,CM-8,AC-4; PCI-DSS-4.0.1:1.2.5,1.4.4; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.21",
    },
    UnreadControl {
        id: "RB-01",
        title: "cluster-admin and wildcard rights are rare and justified",
        maps: "CIS-EKS-2.0.0:4.1.1,4.1.3; CIS-EKS-1.8.0:4.1.1,4.1.3; CIS-AKS-1.8.0:4.1.1,4.1.3; CIS-GKE-1.9.0:4.1.1,4.1.3,4.1.6; CIS-K8S-2.0.1:5.1.1,5.1.3,5.1.7; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-6,AC-6(5),AC-3; PCI-DSS-4.0.1:7.2.2,7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2,A.5.15; NIST-800-190:4.3.1",
    },
    UnreadControl {
        id: "RB-02",
        title: "Reading Secrets is limited (the everyday road to etcd content)",
        maps: "CIS-EKS-2.0.0:4.1.2; CIS-EKS-1.8.0:4.1.2; CIS-AKS-1.8.0:4.1.2; CIS-GKE-1.9.0:4.1.2; CIS-K8S-2.0.1:5.1.2; NSA-CISA-1.2:Secrets,RBAC; NIST-800-53r5:AC-3,AC-6; PCI-DSS-4.0.1:7.2.2,7.2.6; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.8.3,A.8.2",
    },
    UnreadControl {
        id: "RB-03",
        title: "Creating pods and entering them is limited",
        maps: "CIS-EKS-2.0.0:4.1.4; CIS-EKS-1.8.0:4.1.4; CIS-AKS-1.8.0:4.1.4; CIS-K8S-2.0.1:5.1.4; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-6; PCI-DSS-4.0.1:7.2.2; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2",
    },
    UnreadControl {
        id: "RB-04",
        title: "Escalation verbs and dangerous subresources are closed",
        maps: "CIS-EKS-2.0.0:4.1.8,4.1.9,4.1.10,4.1.11,4.1.12; CIS-EKS-1.8.0:4.1.8,4.1.9,4.1.10,4.1.11,4.1.12; CIS-AKS-1.8.0:4.1.7-4.1.12; CIS-GKE-1.9.0:4.1.7; CIS-K8S-2.0.1:5.1.8-5.1.13; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-6,AC-6(10); PCI-DSS-4.0.1:7.2.2; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2,A.8.18",
    },
    UnreadControl {
        id: "RB-05",
        title: "No rights for anonymous or for everyone who can log in",
        maps: "CIS-GKE-1.9.0:4.1.8,4.1.9,4.1.10; NSA-CISA-1.2:Authentication,RBAC; NIST-800-53r5:AC-3,AC-14; PCI-DSS-4.0.1:7.2.1; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.15",
    },
    UnreadControl {
        id: "RB-06",
        title: "Default service accounts are idle and tokens mount only where used",
        maps: "CIS-EKS-2.0.0:4.1.5,4.1.6; CIS-EKS-1.8.0:4.1.5,4.1.6; CIS-AKS-1.8.0:4.1.5,4.1.6; CIS-GKE-1.9.0:4.1.4,4.1.5; CIS-K8S-2.0.1:5.1.5,5.1.6; NSA-CISA-1.2:Pod security,RBAC; NIST-800-53r5:AC-6,IA-5; PCI-DSS-4.0.1:7.2.5,8.6.3; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.17,A.8.2",
    },
    UnreadControl {
        id: "RB-07",
        title: "No long-lived in-cluster credentials for people or tools",
        maps: "CIS-EKS-2.0.0:4.1.12; CIS-EKS-1.8.0:4.1.12; CIS-AKS-1.8.0:4.1.12; CIS-GKE-1.9.0:5.8.1; CIS-K8S-2.0.1:3.1.1,3.1.2,3.1.3,5.1.13; NSA-CISA-1.2:Authentication; NIST-800-53r5:IA-5,AC-2; PCI-DSS-4.0.1:8.6.3,8.2.1; SOC2-TSC:CC6.1,CC6.2; ISO-27001-2022:A.5.17",
    },
    UnreadControl {
        id: "WL-01",
        title: "Pod admission enforces at least the baseline profile",
        maps: "CIS-EKS-2.0.0:4.2.1-4.2.5; CIS-EKS-1.8.0:4.2.1-4.2.5; CIS-AKS-1.8.0:4.2.1-4.2.5; CIS-GKE-1.9.0:4.2.1; CIS-K8S-2.0.1:5.2.1; NSA-CISA-1.2:Pod security; NIST-800-53r5:CM-7,CM-6,AC-6; PCI-DSS-4.0.1:2.2.5,6.4.1; SOC2-TSC:CC6.8,CC8.1; ISO-27001-2022:A.8.9; NIST-800-190:4.4.3",
    },
    UnreadControl {
        id: "WL-02",
        title: "No privileged, host-namespace or HostProcess workloads outside the approved list",
        maps: "CIS-EKS-2.0.0:4.2.1,4.2.2,4.2.3,4.2.4; CIS-EKS-1.8.0:4.2.1-4.2.4; CIS-AKS-1.8.0:4.2.1-4.2.4; CIS-GKE-1.9.0:4.2.1; CIS-K8S-2.0.1:5.2.2,5.2.3,5.2.4,5.2.5,5.2.10,5.2.12; NSA-CISA-1.2:Pod security; NIST-800-53r5:AC-6,SC-39,CM-7; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.8; ISO-27001-2022:A.8.9; NIST-800-190:4.4.3",
    },
    UnreadControl {
        id: "WL-03",
        title: "Containers run as non-root, cannot escalate, with read-only root",
        maps: "CIS-EKS-2.0.0:4.2.5; CIS-EKS-1.8.0:4.2.5; CIS-AKS-1.8.0:4.2.5,4.6.2; CIS-GKE-1.9.0:4.6.3; CIS-K8S-2.0.1:5.2.6,5.2.7,5.6.3; NSA-CISA-1.2:Pod security; NIST-800-53r5:AC-6,CM-7; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.8; ISO-27001-2022:A.8.9; NIST-800-190:4.4.3",
    },
    UnreadControl {
        id: "WL-04",
        title: "Capabilities are dropped and seccomp/AppArmor confine",
        maps: "CIS-AKS-1.8.0:4.6.2; CIS-GKE-1.9.0:4.6.2,4.6.3; CIS-K8S-2.0.1:5.2.8,5.2.9,5.6.2,4.2.14; NSA-CISA-1.2:Pod security; NIST-800-53r5:CM-7,SC-39; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.8; ISO-27001-2022:A.8.9; NIST-800-190:4.5.2",
    },
    UnreadControl {
        id: "WL-05",
        title: "No sensitive hostPath or runtime socket mounts",
        maps: "CIS-GKE-1.9.0:4.2.1; CIS-K8S-2.0.1:5.2.11; NSA-CISA-1.2:Pod security; NIST-800-53r5:AC-6,SC-4; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.8; ISO-27001-2022:A.8.3",
    },
    UnreadControl {
        id: "WL-06",
        title: "Requests and limits are set",
        maps: "NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-5; SOC2-TSC:A1.2; ISO-27001-2022:A.8.6",
    },
    UnreadControl {
        id: "WL-07",
        title: "Health probes are configured",
        maps: "NIST-800-53r5:SI-4,CP-10; SOC2-TSC:A1.2,CC7.2; ISO-27001-2022:A.8.14,A.8.16",
    },
    UnreadControl {
        id: "WL-08",
        title: "Served workloads survive node and zone loss",
        maps: "NIST-800-53r5:CP-10,SC-5; SOC2-TSC:A1.2; ISO-27001-2022:A.8.14",
    },
    UnreadControl {
        id: "WL-10",
        title: "Namespaces separate teams and carry quotas",
        maps: "CIS-EKS-2.0.0:4.5.1,4.5.2; CIS-EKS-1.8.0:4.5.1,4.5.2; CIS-AKS-1.8.0:4.6.1,4.6.3; CIS-GKE-1.9.0:4.6.1,4.6.4; CIS-K8S-2.0.1:5.6.1,5.6.4; NSA-CISA-1.2:Network separation; NIST-800-53r5:AC-4,SC-2,SC-5; PCI-DSS-4.0.1:1.4.1; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.22,A.8.31",
    },
    UnreadControl {
        id: "WL-11",
        title: "Admission webhooks are known, scoped and fail safely",
        maps: "CIS-EKS-2.0.0:4.1.11; CIS-EKS-1.8.0:4.1.11; CIS-AKS-1.8.0:4.1.11; CIS-K8S-2.0.1:5.1.12; NSA-CISA-1.2:RBAC; NIST-800-53r5:CM-7,SI-7; PCI-DSS-4.0.1:6.4.1; SOC2-TSC:CC6.8,CC8.1; ISO-27001-2022:A.8.9,A.8.32",
    },
    UnreadControl {
        id: "IM-02",
        title: "Only approved registries feed the cluster, immutably",
        maps: "CIS-EKS-2.0.0:5.1.4; CIS-EKS-1.8.0:5.1.4; CIS-AKS-1.8.0:5.1.4; CIS-GKE-1.9.0:5.1.4; CIS-K8S-2.0.1:1.2.11; NSA-CISA-1.2:Pod security; NIST-800-53r5:CM-7(5),SI-7,SR-11; PCI-DSS-4.0.1:6.3.2; SOC2-TSC:CC6.8; ISO-27001-2022:A.5.21,A.8.19; NIST-800-190:4.1.5,4.2.2",
    },
    UnreadControl {
        id: "BK-04",
        title: "Persistent volumes are encrypted through CSI with safe defaults",
        maps: "CIS-GKE-1.9.0:5.9.1; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-28,CP-9; PCI-DSS-4.0.1:3.5.1; SOC2-TSC:C1.1; ISO-27001-2022:A.8.24,A.8.13",
    },
    UnreadControl {
        id: "SC-03",
        title: "Workloads and cluster services scale (HPA/VPA, metrics, DNS)",
        maps: "NIST-800-53r5:SC-5; SOC2-TSC:A1.1; ISO-27001-2022:A.8.6",
    },
    UnreadControl {
        id: "CD-01",
        title: "Changes reach the cluster through a controller or pipeline, not by hand",
        maps: "NIST-800-53r5:CM-3,CM-5,CM-2; PCI-DSS-4.0.1:6.5.1; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.32",
    },
];
