"""Where people and machines are told: chat, mail, pagers, tickets, and webhooks."""
