"""Laws: what every adapter must do, in the words of the contract at ``crmcore.ports``."""
