"""What `np.add.reduce`, `accumulate`, `outer` and `reduceat` do with a Value."""
