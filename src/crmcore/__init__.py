"""crmcore"""
