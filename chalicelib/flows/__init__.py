"""What happens when: each flow gathers facts, lets the core decide, and applies the decision."""
