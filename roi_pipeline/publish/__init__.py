"""What people outside read: immutable editions and the pointer to the newest."""
