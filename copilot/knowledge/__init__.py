"""What the house holds true: its articles and saved replies, how they change, and how they are found."""
