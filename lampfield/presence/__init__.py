"""What is known of people and things, and the event packages that tell it to who watches."""
