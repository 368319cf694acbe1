"""The ways out: SMS by SMPP 3.4 and email by SMTP, both with bounded waits."""

from imigr_notifications.senders.batch import Named, Singly, named_id
from imigr_notifications.senders.smpp import SmppAccount, SmppSender
from imigr_notifications.senders.smtp import SmtpAccount, SmtpSender

__all__ = ["Named", "Singly", "SmppAccount", "SmppSender", "SmtpAccount", "SmtpSender", "named_id"]
