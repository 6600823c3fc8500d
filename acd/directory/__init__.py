"""Who somebody is: client's lists of people, found by number, mail address, domain or fax id."""
