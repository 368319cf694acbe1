"""What those who come to an event are given: the ticket and the certificate, on screen and on paper."""
