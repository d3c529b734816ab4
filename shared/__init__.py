"""The responder's floors: words, rules, clients and storage."""
