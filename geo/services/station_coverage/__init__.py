"""Coverage: who walks how long to the nearest station; blind spots; what one more station would change."""
