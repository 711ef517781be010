"""A person's AWS config as text: parsed, edited, replaced. It knows no role."""
