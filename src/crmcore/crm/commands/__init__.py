"""Commands: the methods of ``Crm``, a module for each family of them."""
