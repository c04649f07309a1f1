"""What stands before every route of the app: which requests are let through, and how large, slow and many they may be."""
