"""What the platform asks of others: each module speaks to one of them, with stated time-outs."""
