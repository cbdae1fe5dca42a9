//! Which ATT&CK tactic a technique serves: it tells where in a chain a finding belongs.

use lapwing_model::Proof;

/// Tactics in the order in which an intrusion mostly goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tactic {
    Reconnaissance,
    InitialAccess,
    Execution,
    Persistence,
    PrivilegeEscalation,
    DefenseEvasion,
    CredentialAccess,
    Discovery,
    LateralMovement,
    Collection,
    CommandAndControl,
    Exfiltration,
    Impact,
}

impl Tactic {
    /// The name that ATT&CK gives it, lower case.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reconnaissance => "reconnaissance",
            Self::InitialAccess => "initial access",
            Self::Execution => "execution",
            Self::Persistence => "persistence",
            Self::PrivilegeEscalation => "privilege escalation",
            Self::DefenseEvasion => "defense evasion",
            Self::CredentialAccess => "credential access",
            Self::Discovery => "discovery",
            Self::LateralMovement => "lateral movement",
            Self::Collection => "collection",
            Self::CommandAndControl => "command and control",
            Self::Exfiltration => "exfiltration",
            Self::Impact => "impact",
        }
    }

    /// What an act of this tactic proves, once it is sure that it was one.
    pub(crate) fn proof(self) -> Proof {
        match self {
            Self::Reconnaissance => Proof::Probe,
            Self::InitialAccess => Proof::Attempt,
            Self::Persistence => Proof::Persistence,
            Self::PrivilegeEscalation => Proof::Exploitation,
            _ => Proof::HandsOn,
        }
    }

    /// The first tactic that ATT&CK lists for a technique; `None` for one that is not known here.
    pub(crate) fn of(technique: &str) -> Option<Self> {
        let base = technique.split('.').next().unwrap_or(technique);
        let number: u32 = base.strip_prefix('T')?.parse().ok()?;
        Some(match number {
            1589..=1598 | 1681 => Self::Reconnaissance,
            1078 | 1091 | 1133 | 1189 | 1190 | 1195 | 1199 | 1200 | 1566 => Self::InitialAccess,
            1047 | 1053 | 1059 | 1072 | 1106 | 1129 | 1203 | 1204 | 1559 | 1569 | 1609 | 1610
            | 1648 | 1651 => Self::Execution,
            1037 | 1098 | 1136 | 1137 | 1176 | 1197 | 1505 | 1525 | 1542 | 1543 | 1546 | 1547
            | 1554 | 1574 => Self::Persistence,
            1055 | 1068 | 1134 | 1484 | 1548 | 1611 => Self::PrivilegeEscalation,
            1006
            | 1014
            | 1027
            | 1036
            | 1070
            | 1112
            | 1127
            | 1140
            | 1202
            | 1207
            | 1211
            | 1216
            | 1218
            | 1220
            | 1221
            | 1222
            | 1480
            | 1497
            | 1550
            | 1553
            | 1562
            | 1564
            | 1578
            | 1600
            | 1601
            | 1620
            | 1622
            | 1684..=1690 => Self::DefenseEvasion,
            1003
            | 1040
            | 1056
            | 1110
            | 1111
            | 1187
            | 1212
            | 1528
            | 1539
            | 1552
            | 1555..=1558
            | 1606
            | 1621
            | 1649 => Self::CredentialAccess,
            1007 | 1010 | 1012 | 1016 | 1018 | 1033 | 1046 | 1049 | 1057 | 1069 | 1082 | 1083
            | 1087 | 1120 | 1124 | 1135 | 1201 | 1217 | 1482 | 1518 | 1526 | 1538 | 1580 | 1613
            | 1614 | 1615 | 1619 | 1652 | 1654 => Self::Discovery,
            1021 | 1080 | 1210 | 1534 | 1563 | 1570 => Self::LateralMovement,
            1005 | 1025 | 1039 | 1074 | 1113 | 1114 | 1115 | 1119 | 1123 | 1125 | 1185 | 1213
            | 1530 | 1560 | 1602 => Self::Collection,
            1001
            | 1008
            | 1071
            | 1090
            | 1092
            | 1095
            | 1102
            | 1104
            | 1105
            | 1132
            | 1205
            | 1219
            | 1568
            | 1571..=1573 => Self::CommandAndControl,
            1011 | 1020 | 1029 | 1030 | 1041 | 1048 | 1052 | 1537 | 1567 => Self::Exfiltration,
            1485..=1491 | 1495 | 1496 | 1498 | 1499 | 1529 | 1531 | 1561 | 1565 | 1657 => {
                Self::Impact
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_name_their_tactic() {
        assert_eq!(Tactic::of("T1190"), Some(Tactic::InitialAccess));
        assert_eq!(Tactic::of("T1505.003"), Some(Tactic::Persistence));
        assert_eq!(Tactic::of("T1003.001"), Some(Tactic::CredentialAccess));
        assert_eq!(Tactic::of("TA0001"), None);
    }
}
