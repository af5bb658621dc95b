"""What the context policy recalls and costs, beside a sliding window and the policies of peers. See the README."""
