"""The methods of ufuncs: reduce, accumulate, outer, reduceat."""
