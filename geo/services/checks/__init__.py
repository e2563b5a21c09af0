"""What is wrong with the grids of a draft, or can't be told: findings with a place and a way to waive them."""
