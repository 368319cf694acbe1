"""The ways out: SMS by SMPP 3.4 and email by SMTP, both with bounded waits."""

from imigr_notifications.senders.smpp import SmppAccount, SmppSender
from imigr_notifications.senders.smtp import SmtpSender

__all__ = ["SmppAccount", "SmppSender", "SmtpSender"]
